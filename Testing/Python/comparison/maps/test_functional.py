import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.maps.functional import FunctionalChange
from MedProcLib.core.errors import InputError

from .phantoms import depth, grid_at, noisy

GRID = grid_at()
TUMOR = depth(GRID, 12) > 0
UP = TUMOR & (np.arange(GRID.size[0]) < 20)
NORMAL = ~TUMOR & (np.arange(GRID.size[0]) < 12)
LABELS = GRID.image_of(np.where(TUMOR, 1, np.where(NORMAL, 2, 0)).astype(np.uint8))


def studies(noise=60.0, rise=800.0):
    """ADC in um2/s: part of the tumor rises, the rest stays."""
    base = np.full(TUMOR.shape, 1000.0)
    return noisy(GRID, base, noise, 0), noisy(GRID, base + rise * UP, noise, 1)


def test_moffats_threshold_names_the_share_that_rose():
    change, rows = FunctionalChange()(*studies(), fixed_labels=LABELS)
    tumor = next(row for row in rows if row.segment == 1)
    share = 100 * UP.sum() / TUMOR.sum()
    assert tumor.value("risen_share") == pytest.approx(share, rel=0.03) and tumor.value("fallen_share") == 0
    assert tumor.value("unchanged_share") == pytest.approx(100 - tumor.value("risen_share"))
    assert tumor.value("risen_volume") == pytest.approx(UP.sum() * GRID.voxel_volume, rel=0.03)
    assert tumor.value("upper_threshold") == 550
    assert set(np.unique(sitk.GetArrayFromImage(change))) == {0, 1}
    swapped = FunctionalChange()(*studies()[::-1], fixed_labels=LABELS)[1]
    assert next(r for r in swapped if r.segment == 1).value("fallen_share") == tumor.value("risen_share")


def test_the_same_in_other_units_of_adc():
    first, other = (image * 1e-6 for image in studies())
    rows = FunctionalChange(value_unit="mm2/s")(first, other, fixed_labels=LABELS)[1]
    usual = FunctionalChange()(*studies(), fixed_labels=LABELS)[1]
    assert rows[1].value("risen_share") == usual[1].value("risen_share")
    units = {m.name: m.ucum for m in rows[1].measurements}
    assert units["mean_change"] == "mm2/s" and units["risen_share"] == "%"


@pytest.mark.parametrize(
    "how",
    [
        {"threshold_from": "within_subject_sd", "within_subject_sd": 60.0},
        {"threshold_from": "within_subject_percent", "within_subject_percent": 6.0},
        {"threshold_from": "normal_tissue", "normal_label": 2},
        {"threshold_from": "difference", "difference": 1.96 * 2**0.5 * 60},
    ],
)
def test_a_threshold_from_repeatability_leaves_5_percent_of_what_did_not_change(how):
    rows = FunctionalChange(**how)(*studies(), fixed_labels=LABELS)[1]
    normal = next(row for row in rows if row.segment == 2)
    assert normal.value("unchanged_share") == pytest.approx(95, abs=0.6)
    assert normal.value("upper_threshold") == pytest.approx(166.3, rel=0.03)


def test_thresholds_that_are_not_there_are_refused():
    with pytest.raises(InputError, match="threshold is 0"):
        FunctionalChange(value_unit="ms")(*studies())
    with pytest.raises(InputError, match="normal tissue"):
        FunctionalChange(threshold_from="normal_tissue", normal_label=9)(*studies(), fixed_labels=LABELS)
