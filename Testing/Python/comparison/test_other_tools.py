"""elastix, ANTs and BRAINSFit: asked only when they are there, by commands that say what they are to do."""

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.registration import other_tools
from MedProcLib.comparison.registration.other_tools import ants_commands, brainsfit_commands, register_with
from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress

IMAGE = sitk.Image([24, 20, 12], sitk.sitkFloat32)
GRID = Geometry.of(IMAGE)


def test_a_program_that_is_not_there_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(other_tools, "_of_slicer", lambda name: None)
    for tool, way in (("ants", "antsRegistration"), ("brainsfit", "Slicer")):
        with pytest.raises(InputError, match=f"{tool} is not installed.*{way}"):
            register_with(tool, IMAGE, IMAGE)
    with pytest.raises(InputError, match="Unknown tool 'niftyreg'"):
        register_with("niftyreg", IMAGE, IMAGE)


def program(folder: Path, name: str, text: str, monkeypatch) -> None:
    """A program of this name on the PATH."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_the_transform_that_brainsfit_writes_is_read(tmp_path, monkeypatch):
    text = """
import sys, SimpleITK as sitk
at = lambda name: sys.argv[sys.argv.index(name) + 1]
assert at("--transformType") == "Rigid,Affine"
assert sitk.ReadImage(at("--fixedVolume")).GetSize() == (24, 20, 12)
sitk.WriteTransform(sitk.TranslationTransform(3, (1.0, 2.0, 3.0)), at("--outputTransform"))
"""
    program(tmp_path, "BRAINSFit", text, monkeypatch)
    found = register_with("brainsfit", IMAGE, IMAGE, "affine")
    assert found.TransformPoint((0, 0, 0)) == (1.0, 2.0, 3.0)


def test_the_affine_and_the_field_that_ants_writes_are_put_together(tmp_path, monkeypatch):
    text = """
import sys, SimpleITK as sitk
out = sys.argv[sys.argv.index("-o") + 1]
sitk.WriteTransform(sitk.AffineTransform([2, 0, 0, 0, 2, 0, 0, 0, 2], (1, 0, 0)), out + "0GenericAffine.mat")
field = sitk.Compose(*[sitk.Image([24, 20, 12], sitk.sitkFloat32) + y for y in (0, 5, 0)])
sitk.WriteImage(field, out + "1Warp.nii.gz")
"""
    program(tmp_path, "antsRegistration", text, monkeypatch)
    found = register_with("ants", IMAGE, IMAGE, "deformable")
    # the field first, then the matrix
    assert np.allclose(found.TransformPoint((4, 4, 4)), (9, 18, 8))


def test_the_last_words_of_a_program_that_fails_are_told_and_cancel_ends_it(tmp_path, monkeypatch):
    program(tmp_path, "antsRegistration", "print('no such metric'); raise SystemExit(3)", monkeypatch)
    with pytest.raises(InputError, match="ants failed: no such metric"):
        register_with("ants", IMAGE, IMAGE)
    program(tmp_path, "antsRegistration", "import time; time.sleep(60)", monkeypatch)
    progress = Progress(lambda *_: progress.cancel())
    with pytest.raises(Cancelled):
        register_with("ants", IMAGE, IMAGE, progress=progress)
    program(tmp_path, "antsRegistration", "", monkeypatch)
    with pytest.raises(InputError, match="without a transform"):
        register_with("ants", IMAGE, IMAGE)


def test_commands_ask_for_the_kind_and_use_the_masks(tmp_path):
    sitk.WriteImage(GRID.empty_image(), str(tmp_path / "fixed_mask.mha"))
    (rigid,) = ants_commands(["ants"], tmp_path, "rigid", GRID)
    assert "Rigid[0.1]" in rigid
    assert "Affine[0.1]" not in rigid
    assert rigid[rigid.index("-x") + 1] == f"{tmp_path}/fixed_mask.mha,NULL"
    assert rigid[rigid.index("-f") + 1] == "1"  # 12 slices are not thinned
    (bent,) = ants_commands(["ants"], tmp_path, "deformable", GRID)
    assert "SyN[0.1,3,0]" in bent
    (spline,) = brainsfit_commands(["BRAINSFit"], tmp_path, "deformable", GRID)
    assert spline[spline.index("--transformType") + 1] == "Rigid,Affine,BSpline"
    assert spline[spline.index("--splineGridSize") + 1] == "12,10,6"
    assert "--movingBinaryVolume" not in spline


def test_parameters_of_elastix_fit_small_images():
    text = other_tools._elastix_parameters("bspline", GRID)
    assert "(NumberOfResolutions 1)" in text
    assert '(Metric "AdvancedMattesMutualInformation")' in text
    assert "(FinalGridSpacingInPhysicalUnits 2.0)" in text
