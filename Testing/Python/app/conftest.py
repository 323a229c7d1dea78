"""What the tests of the command line share: a small image with two bright bodies, and the command line itself."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def image() -> sitk.Image:
    """Oblique and anisotropic: a ball of 200 with two bright balls of 400 in it, in noise."""
    z, y, x = np.mgrid[:20, :48, :40].astype(float)
    values = np.random.default_rng(3).normal(20, 4, z.shape)
    values[(x - 20) ** 2 + (y - 24) ** 2 + (2 * (z - 10)) ** 2 < 17**2] += 180
    for center, radius in (((14, 20, 10), 4), ((27, 30, 9), 3)):
        values[(x - center[0]) ** 2 + (y - center[1]) ** 2 + (2 * (z - center[2])) ** 2 < radius**2] += 200
    made = sitk.GetImageFromArray(values.astype(np.float32))
    made.SetSpacing((1.5, 1.5, 3.0))
    made.SetOrigin((-10.0, 20.0, 30.0))
    made.SetDirection(sitk.Euler3DTransform((0, 0, 0), 0.1, 0.05, 0.2).GetMatrix())
    return made


@pytest.fixture
def image_file(image, tmp_path) -> Path:
    path = tmp_path / "image.nrrd"
    sitk.WriteImage(image, str(path))
    return path


@pytest.fixture
def mask_file(image, tmp_path) -> Path:
    path = tmp_path / "mask.nrrd"
    sitk.WriteImage(sitk.Cast(image > 100, sitk.sitkUInt8), str(path))
    return path


@pytest.fixture
def dicom_series():
    """dicom_series(folder, image, frame) writes a CT series that lies in the frame of reference of that UID."""

    def write(folder: Path, image: sitk.Image, frame: str) -> Path:
        folder.mkdir()
        for k in range(image.GetSize()[2]):
            sitk.WriteImage(sitk.Cast(image[:, :, k : k + 1], sitk.sitkInt16), str(folder / f"{k}.dcm"))
            made = pydicom.dcmread(folder / f"{k}.dcm")
            made.Modality, made.SeriesInstanceUID, made.FrameOfReferenceUID = "CT", "1.2.3.1", frame
            made.ImagePositionPatient = [f"{v:.6f}" for v in image.TransformIndexToPhysicalPoint((0, 0, k))]
            axes = np.reshape(image.GetDirection(), (3, 3))[:, :2]
            made.ImageOrientationPatient = [f"{v:.9f}" for v in axes.T.ravel()]
            made.save_as(folder / f"{k}.dcm")
        return folder

    return write


@pytest.fixture
def medproc(capsys):
    """medproc("info", path) runs a command here; returns (exit code, stdout, stderr)."""
    from MedProcLib.app.main import run

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return code, written.out, written.err

    return call


@pytest.fixture
def refused(medproc):
    """The one line a command says when it ends with 2."""

    def call(*arguments: object) -> str:
        code, out, err = medproc(*arguments)
        assert (code, out) == (2, ""), err
        assert err.endswith("\n") and err.count("\n") == 1, err
        return err

    return call


@pytest.fixture
def process():
    """process("info", path) starts a command in a process of its own."""

    def start(*arguments: object, **settings) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("env", {})}
        return subprocess.Popen(
            [sys.executable, "-m", "MedProcLib", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            **settings,
        )

    return start
