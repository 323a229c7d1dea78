"""All texture families against the manual taken by the letter, in plain loops."""

import numpy as np
import pytest
from scipy import ndimage

from MedProcLib.quantification.bit_mask import BitMask
from MedProcLib.quantification.radiomics.texture import zones
from MedProcLib.quantification.radiomics.texture.border_distance import border_distances
from MedProcLib.quantification.radiomics.texture.settings import AGGREGATIONS, TextureSettings

from . import manual
from .cases import ALL, lesion, noise, values

NORMS = {
    "manhattan": TextureSettings(aggregations=AGGREGATIONS, norm="manhattan", distance=2, ngtdm_distance=2),
    "euclidean": TextureSettings(aggregations=AGGREGATIONS, norm="euclidean", distance=1.5, ngldm_distance=1.5),
    "far": TextureSettings(aggregations=AGGREGATIONS, distance=2, ngtdm_distance=2, ngldm_distance=2, ngldm_alpha=1),
}


def check(levels, settings=ALL, n_levels=None, morphological=None, tolerance=1e-12):
    n_levels = n_levels or int(levels.max())
    morphological = levels > 0 if morphological is None else morphological
    found = values(levels, settings, n_levels, morphological)
    expected = manual.features(levels, n_levels, morphological, settings)
    assert found.keys() >= expected.keys()
    for tag, value in found.items():
        # the root of nearly nothing, and a sum of cubes of either sign
        absolute = 1e-7 if "info_corr2" in tag else tolerance * n_levels**3 if "shade" in tag else tolerance
        assert value == pytest.approx(expected.get(tag, np.nan), rel=tolerance, abs=absolute, nan_ok=True), tag
    return found


@pytest.mark.parametrize("seed, smooth, outside", [(0, 0, 0.2), (1, 1.0, 0.0), (2, 0.7, 0.6), (3, 0, 0.9)])
def test_noise(seed, smooth, outside):
    found = check(noise(seed=seed, smooth=smooth, outside=outside))
    assert len(found) == 408


@pytest.mark.parametrize("name", NORMS)
def test_norms_distances_and_coarseness(name):
    check(noise((3, 6, 5), 4, seed=4, smooth=0.6), NORMS[name])


def test_lesion_with_zones_inside():
    """Zones up to 4 voxels from the border."""
    check(lesion(400, 5, seed=5))


def test_border_is_that_of_the_region_before_resegmentation():
    levels = noise((7, 8, 9), 60, seed=6, outside=0)
    morphological = levels > 0
    levels[3, 4, 4] = 0
    found = check(levels, morphological=morphological)
    own = values(levels)
    assert found["dzm_lde_3D"] > own["dzm_lde_3D"]
    assert all(own[tag] == value for tag, value in found.items() if not tag.startswith("dzm"))


def test_slices_of_the_region_before_resegmentation_without_a_level():
    levels = noise((4, 5, 5), 3, seed=7)
    levels[1] = 0
    check(levels, morphological=np.ones(levels.shape, bool))


def test_levels_that_are_not_there_count_as_levels():
    """N_g is the discretization's: it is in the normalized inverse differences."""
    levels = noise(seed=8) * 3 + (noise(seed=8) > 0)
    found = check(levels, n_levels=40)
    assert found["cm_inv_diff_norm_3D_comb"] != values(levels)["cm_inv_diff_norm_3D_comb"]


@pytest.mark.parametrize("shape", [(1, 6, 7), (6, 1, 7), (6, 7, 1), (1, 1, 9), (9, 1, 1), (2, 2, 2)])
def test_thin_regions(shape):
    check(noise(shape, 3, seed=9, outside=0.1))


def test_pieces_far_apart_gaps_and_the_border_of_the_array():
    levels = np.zeros((30, 40, 50), np.int32)
    levels[:3, :4, :5] = noise((3, 4, 5), 4, seed=10)
    levels[27:, 37:, 46:] = noise((3, 3, 4), 4, seed=11)
    levels[14, 5:8, 20:26:2] = 2
    check(levels)


def test_no_block_of_a_large_region_is_lost(monkeypatch):
    from MedProcLib.quantification.radiomics.texture import cooccurrence, neighbors, run_length

    levels = lesion(500, 6, seed=12)
    expected = values(levels)
    for module in (cooccurrence, neighbors, run_length):
        monkeypatch.setattr(module, "BLOCK", 37)
    assert values(levels) == pytest.approx(expected, rel=1e-12)


def test_many_levels():
    """Nearly every voxel has a level of its own: elements are counted by sorting."""
    levels = noise((5, 6, 6), 170, seed=13) * 20
    check(levels, n_levels=3400, tolerance=1e-11)


def test_levels_as_large_as_numbers_go():
    levels = noise(seed=14)
    huge = np.where(levels > 0, levels.astype(np.int32) * 400_000_000, 0)
    found, small = values(huge, n_levels=2_000_000_000), values(levels)
    for tag in ("cm_corr_3D_comb", "cm_joint_entr_2D_avg", "rlm_sre_2_5D_comb", "szm_zs_var_3D", "ngt_contrast_2D"):
        scale = 400_000_000.0**3 if "ngt" in tag else 1
        assert found[tag] == pytest.approx(small[tag] * scale, rel=1e-9), tag


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_mirrored_region_has_the_same_features(axes):
    levels = noise((4, 6, 5), 5, seed=15, smooth=0.7)
    assert values(np.flip(levels, axes)) == pytest.approx(values(levels), rel=1e-12)


def test_turned_in_the_volume_it_has_the_same_3d_features():
    levels = noise((4, 6, 5), 5, seed=16, smooth=0.7)
    turned = values(levels.transpose(2, 0, 1))
    for tag, value in values(levels).items():
        if "_3D" in tag:
            assert turned[tag] == pytest.approx(value, rel=1e-12), tag


def test_levels_higher_by_a_constant():
    """What looks at differences, or counts, stays."""
    levels = noise((4, 6, 5), 5, seed=19, smooth=0.7)
    found, higher = values(levels), values(np.where(levels > 0, levels + 7, 0), n_levels=5 + 7)
    stay = "contrast corr joint_entr diff_entr sum_entr energy clust_shade joint_var inv_var sre lze lde rl_entr glnu "
    stay += "gl_var dcnu coarseness complexity strength"
    for tag, value in found.items():
        if any(f"_{name}_" in tag for name in stay.split()) and "auto_corr" not in tag:
            assert higher[tag] == pytest.approx(value, rel=1e-9, abs=1e-12), tag


def test_levels_in_the_same_order_have_the_same_runs_and_zones():
    levels = noise((4, 6, 5), 5, seed=20, smooth=0.7)
    found, spread = values(levels), values(np.array([0, 2, 3, 9, 30, 31], np.int32)[levels])
    for tag, value in found.items():
        if any(
            f"_{name}_" in tag for name in ("joint_entr", "energy", "info_corr1", "sre", "sze", "sde", "lde", "glnu")
        ):
            assert spread[tag] == pytest.approx(value, rel=1e-9), tag


def test_a_single_slice_is_the_same_in_2_and_3_dimensions():
    found = values(noise((1, 7, 8), 4, seed=17))
    for tag, value in found.items():
        family, flat = tag.split("_")[0], tag.replace("2_5D", "3D")
        # runs have 9 directions more in the volume, without any neighbor; and all voxels are at the border there
        if "2_5D" in tag and family not in ("rlm", "dzm"):
            assert value == pytest.approx(found[flat], rel=1e-12, nan_ok=True), tag
            assert value == pytest.approx(found[tag.replace("2_5D", "2D")], rel=1e-12, nan_ok=True), tag


def test_zones_of_the_volume_agree_with_labelling_each_level():
    levels = noise((20, 21, 22), 4, seed=18, smooth=0.8, outside=0.1)
    full = np.ones((3, 3, 3))
    number = sum(ndimage.label(levels == level, full)[1] for level in range(1, 5))
    found = values(levels)
    assert found["szm_z_perc_3D"] * np.count_nonzero(levels) == pytest.approx(number)


@pytest.mark.parametrize("norm", ["chebyshev", "manhattan"])
@pytest.mark.parametrize("at_once", [1, 500])
def test_zones_do_not_end_where_slabs_do(monkeypatch, norm, at_once):
    """Linked slice by slice, and a few slices at a time, as at once; one zone winds through all of them."""
    levels = noise((9, 10, 11), 3, seed=5, smooth=0.7, outside=0.3)
    levels[:, 1, 1] = 4
    levels[1::2, 1] = 4
    settings = TextureSettings(families=("szm", "dzm"), aggregations=AGGREGATIONS, norm=norm)
    whole = values(levels, settings)
    monkeypatch.setattr(zones, "LINKED_AT_ONCE", at_once)
    assert values(levels, settings) == pytest.approx(whole, rel=1e-14)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 40, 5), (12, 13, 14)])
def test_distance_from_the_border_is_that_of_scipy(shape):
    mask = np.pad(ndimage.gaussian_filter(np.random.default_rng(4).normal(size=shape), 1) > -0.3, 1)
    mask[1, 1, 1] = True
    solid = np.pad(np.ones(shape, bool), 1)
    faces = ndimage.generate_binary_structure(3, 1)
    in_slice = faces.copy()
    in_slice[[0, 2]] = False
    for each in (mask, solid):
        for by_slice, steps in ((False, faces), (True, in_slice)):
            for thickness in (1, 2, 5, len(each)):
                slabs = [slice(z, min(z + thickness, len(each))) for z in range(0, len(each), thickness)]
                found = np.concatenate(list(border_distances(BitMask.of(each), slabs, by_slice)))
                assert (found == ndimage.distance_transform_cdt(each, steps)).all()
