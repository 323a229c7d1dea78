"""`slicer.app.coreIOManager()`: the reading and writing that slicer.util asks for, done by real storage nodes."""

import os

import slicer

from host.application.app import temporary_folder
from host.failures import NotImitated
from host.standins import behavior

FILE_TYPES = {  # longest ending first
    ".seg.nrrd": "SegmentationFile",
    ".seg.nhdr": "SegmentationFile",
    ".mrk.json": "MarkupsFile",
    ".nii.gz": "VolumeFile",
    ".ctbl": "ColorTableFile",
    ".mrml": "SceneFile",
    ".nhdr": "VolumeFile",
    ".nrrd": "VolumeFile",
    ".csv": "TableFile",
    ".mha": "VolumeFile",
    ".mrb": "SceneFile",
    ".nii": "VolumeFile",
    ".obj": "ModelFile",
    ".ply": "ModelFile",
    ".stl": "ModelFile",
    ".tfm": "TransformFile",
    ".tsv": "TableFile",
    ".txt": "TextFile",
    ".vtk": "ModelFile",
    ".vtp": "ModelFile",
    ".h5": "TransformFile",
}
LABEL_MAP, SINGLE_FILE, DO_NOT_SHOW = 1, 8, 16  # loading options of vtkSlicerVolumesLogic


@behavior("qSlicerCoreIOManager")
class CoreIOManager:
    """Loads and saves the node types that MedProc has."""

    def fileType(self, path):
        return next((kind for ending, kind in FILE_TYPES.items() if str(path).lower().endswith(ending)), "NoFile")

    def fileWriterFileType(self, node, path=""):
        return "SegmentationFile" if node.IsA("vtkMRMLSegmentationNode") else "NodeFile"

    def loadNodes(self, file_type, properties, collection=None, messages=None):
        path = str(properties["fileName"])
        if not os.path.exists(path):
            return False
        if file_type == "SceneFile":
            return load_scene(path, clear=properties.get("clear", False))
        node = _load_node(file_type, path, properties)
        if node is None:
            return False
        if collection is not None:
            collection.AddItem(node)
        return True

    def saveNodes(self, file_type, properties, messages=None, scene=None):
        path = str(properties["fileName"])
        if file_type == "SceneFile":
            return save_scene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        node.AddDefaultStorageNode(path)
        storage = node.GetStorageNode()
        storage.SetFileName(path)
        if "useCompression" in properties:
            storage.SetUseCompression(properties["useCompression"])
        return bool(storage.WriteData(node))

    def loadScene(self, path, clear=True, messages=None):
        return load_scene(path, clear=clear)

    def saveScene(self, path, screenshot, messages=None):
        return save_scene(path)

    def addDefaultStorageNodes(self):
        for node in slicer.util.getNodesByClass("vtkMRMLStorableNode"):
            node.AddDefaultStorageNode()


def load_scene(path: str, *, clear: bool) -> bool:
    """Open a .mrb bundle or a .mrml file into the scene."""
    if clear:
        slicer.mrmlScene.Clear(0)
    if path.endswith(".mrb"):
        return bool(slicer.app.applicationLogic().OpenSlicerDataBundle(path, temporary_folder()))
    slicer.mrmlScene.SetURL(path)
    return bool(slicer.mrmlScene.Import())


def save_scene(path: str) -> bool:
    """Write the scene as a .mrb bundle, or its .mrml file alone."""
    if path.endswith(".mrb"):
        return bool(slicer.mrmlScene.WriteToMRB(path))
    slicer.mrmlScene.SetURL(path)
    slicer.mrmlScene.SetRootDirectory(os.path.dirname(path))
    return bool(slicer.mrmlScene.Commit(path))


def _load_node(file_type: str, path: str, properties: dict):
    name = properties.get("name") or os.path.basename(path).split(".")[0]
    if file_type == "VolumeFile":
        options = (LABEL_MAP if properties.get("labelmap") else 0) | (
            0 if properties.get("show", True) else DO_NOT_SHOW
        )
        options |= SINGLE_FILE if properties.get("singleFile") else 0
        return slicer.modules.volumes.logic().AddArchetypeVolume(path, name, options)
    if file_type == "SegmentationFile":
        return slicer.modules.segmentations.logic().LoadSegmentationFromFile(path, True, name)
    if file_type == "TransformFile":
        return slicer.modules.transforms.logic().AddTransform(path, slicer.mrmlScene)
    if file_type == "TableFile":
        return slicer.modules.tables.logic().AddTable(path, name)
    if file_type == "ModelFile":
        return slicer.modules.models.logic().AddModel(path)
    if file_type == "TextFile":
        return _load_text(path, name)
    if file_type == "MarkupsFile":
        node_id = slicer.modules.markups.logic().LoadMarkups(path, name)
        return slicer.mrmlScene.GetNodeByID(node_id) if node_id else None
    raise NotImitated(f"This host cannot load files of type {file_type}")


def _load_text(path: str, name: str):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", name)
    node.AddDefaultStorageNode(path)
    return node if node.GetStorageNode().ReadData(node) else None
