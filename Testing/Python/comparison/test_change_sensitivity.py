"""A small version of Testing/Benchmarks/change_sensitivity.py: a block of a real FLAIR study, at other voxels."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from Benchmarks._inserted import shown, with_lesions
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.change import GAINED, LOST, DetectChange
from MedProcLib.comparison.defaults import head_mr_recipe
from MedProcLib.comparison.intensity import MatchIntensity
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.resolution import MatchResolution, blurred_by, positive
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.core.recipe import Recipe
from MedProcLib.enhancement.shading.n4 import N4

STUDY = Path(__file__).resolve().parents[2] / "Data" / "ms_patient01" / "study1_FLAIR.nii.gz"
# White matter and ventricles, without skull (x, y, z; voxels).
BLOCK = np.s_[90:230, 90:230, 10:28]
STEPS = (MatchResolution, MatchIntensity, DetectChange)
# coarser than the default, and several times as fast
SHADING = N4(working_spacing_mm=8.0, field_detail_mm=60.0)


def block() -> tuple[sitk.Image, sitk.Image]:
    """(block of the study, all of it but its border)."""
    image = sitk.ReadImage(str(STUDY), sitk.sitkFloat32)[BLOCK]
    inside = np.zeros(image.GetSize()[::-1], np.uint8)
    inside[1:-1, 1:-1, 1:-1] = 1
    return image, Geometry.of(image).image_of(inside)


def scanned_again(image: sitk.Image, mask: sitk.Image, spacing: tuple[float, float, float]) -> Study:
    """The same block in tilted voxels (each the mean of what it covers), brighter, with a field and noise of 3 %."""
    own = Geometry.of(image)
    axes = Rotation.from_rotvec(np.radians([4, -6, 5])).as_matrix() @ np.reshape(own.direction, (3, 3))
    size = np.ceil(own.extent / spacing).astype(int)
    origin = own.center - axes @ ((size - 1) / 2 * spacing)
    grid = Geometry(tuple(size.tolist()), spacing, tuple(origin.tolist()), tuple(axes.ravel().tolist()))
    covered, held = (np.reshape(g.direction, (3, 3)) * g.spacing for g in (grid, own))
    again = resample(
        blurred_by(image, positive(covered @ covered.T - held @ held.T) / 12),
        grid,
        sitk.Transform(3, sitk.sitkIdentity),
        sitk.sitkBSpline3,
    )
    values = sitk.GetArrayFromImage(again)
    field = 1 + 0.15 * np.linspace(-1, 1, values.shape[2])
    noise = np.random.default_rng(3).normal(0, 0.03 * np.percentile(values, 99), values.shape)
    whole = resample(sitk.Cast(mask, sitk.sitkFloat32), grid) > 0.999
    return Study("again", grid.image_of((1.4 * values * field + noise).astype(np.float32)), mask=whole)


@pytest.mark.parametrize("label, spacing", [(GAINED, (0.9, 0.9, 3.0)), (LOST, (1.2, 1.0, 1.2))])
def test_lesions_of_3_mm_and_2_and_a_half_sd_are_found_at_other_voxels_and_nothing_else(label, spacing):
    """Put in or taken out, with the default settings for MR of the head; SD is that of the block as scanned."""
    plain, mask = block()
    changed, lesions = with_lesions(plain, mask, [(3.0, 2.5)] * 5, np.random.default_rng(1))
    assert len(lesions) == 5
    first, other = (plain, changed) if label == GAINED else (changed, plain)
    recipe = Recipe.of(SHADING, *(s.operation for s in head_mr_recipe().steps if isinstance(s.operation, STEPS)))
    (pair,) = compare([Study("first", first, mask=mask), scanned_again(other, mask, spacing)], recipe).pairs
    hits, false = shown(pair.change, lesions, label)
    assert all(hits) and false == 0
