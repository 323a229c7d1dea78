"""Whole scenes as .mrb files (medical reality bundles), which Slicer opens."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import slicer

from MedProcLib.core.atomic import require_writable, whole_file
from MedProcLib.core.errors import InputError


def save_bundle(scene, path: str | Path) -> Path:
    """Write the scene to an .mrb file, whole or not at all. Raises InputError when it cannot be written.

    An '&' in the name of what has a file in the bundle is saved as '+': Slicer 5.12 writes it into the scene's XML as
    it is, which nobody can read again.
    """
    path = Path(path)
    if path.suffix.lower() != ".mrb":
        raise InputError(f"{path} is not named as a scene bundle: end it in .mrb.")
    require_writable(path)
    with tempfile.TemporaryDirectory() as folder:  # Slicer names the folder inside the bundle after the file
        written = Path(folder) / path.name
        with _readable_names(scene):
            done = scene.WriteToMRB(str(written))
        if not done or not written.is_file():
            raise InputError(f"The scene could not be written to {path}: is there space left in {folder}?")
        with whole_file(path) as temporary:
            shutil.copyfile(written, temporary)
    return path


def load_bundle(path: str | Path, scene=None) -> None:
    """Add the content of an .mrb file to the scene. Raises InputError when it is missing or not a bundle.

    The voxels are read into memory; the files they were unpacked to are gone afterwards.
    """
    scene = scene or slicer.mrmlScene
    path = Path(path)
    _require_bundle(path)
    with tempfile.TemporaryDirectory() as folder:
        there = {node.GetID() for node in _storage_nodes(scene)}
        scene_file = scene.UnpackSlicerDataBundle(str(path), folder)
        if not scene_file:
            raise InputError(f"{path} holds no scene.")
        url, root = scene.GetURL(), scene.GetRootDirectory()
        scene.SetURL(scene_file)
        try:
            if not scene.Import():
                raise InputError(f"The scene in {path} cannot be read: it is damaged.")
        finally:
            scene.SetURL(url)
            scene.SetRootDirectory(root)
        for storage in _storage_nodes(scene):
            if storage.GetID() not in there:
                storage.InvalidateFile()  # else a later save would believe the unpacked file is still there


@contextmanager
def _readable_names(scene) -> Iterator[None]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLStorableNode")
    nodes = [scene.GetNthNodeByClass(number, "vtkMRMLStorableNode") for number in range(count)]
    names = {node: node.GetName() for node in nodes if "&" in (node.GetName() or "")}
    for node, name in names.items():
        node.SetName(name.replace("&", "+"))
    try:
        yield
    finally:
        for node, name in names.items():
            node.SetName(name)


def _require_bundle(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name.replace("\\", "/")) for name in archive.namelist()]
    except zipfile.BadZipFile:
        raise InputError(f"{path} is not a scene bundle (.mrb), or is damaged.") from None
    if any(name.is_absolute() or ".." in name.parts for name in names):
        raise InputError(f"{path} would unpack files outside its own folder: do not trust it.")
    if not any(name.suffix == ".mrml" for name in names):
        raise InputError(f"{path} holds no scene.")


def _storage_nodes(scene) -> list:
    count = scene.GetNumberOfNodesByClass("vtkMRMLStorageNode")
    return [scene.GetNthNodeByClass(index, "vtkMRMLStorageNode") for index in range(count)]
