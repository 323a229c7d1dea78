"""Reports and segmentations against the standard's own tables, by dciodvfy where it is installed (dicom3tools)."""

import shutil
import subprocess

import numpy as np
import pytest

from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.report.dicom_sr.measurement_report import write_measurement_report
from MedProcLib.segmentation.structures import structure


@pytest.mark.parametrize(("modality", "slices"), [("CT", 6), ("MR", 6), ("CT", 1)])
def test_no_errors(series, tmp_path, modality, slices):
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not installed")
    source = series(np.random.default_rng(1).integers(0, 90, (slices, 20, 24)), modality)
    labels = np.zeros((slices, 20, 24), np.uint8)
    labels[:3, 2:9, 3:9] = 1
    labels[:3, 12:18, 3:9] = 2
    labels[-1:, 2:6, 15:20] = 2
    image = source.geometry.image_of(labels)
    settings = Measure(components=slices == 1, slices=slices > 1, shape=False, intervals=True)
    rows = measure(source.image, image, {1: "Leber", 2: "Läsion"}, settings)
    shown = {1: structure("liver"), 2: structure("lesion")}
    for file in write_measurement_report(rows, source.files, image, shown, tmp_path / "r.dcm", "A B"):
        said = subprocess.run([program, file], capture_output=True, text=True, errors="replace", check=False)
        lines = (said.stdout + said.stderr).splitlines()
        assert any(line.strip() in ("Comprehensive3DSR", "Segmentation") for line in lines), lines
        assert [line for line in lines if line.startswith("Error")] == [], file.name
