"""Consensus values of the digital phantom, regions that leave little to measure, names, settings and errors."""

import re
import warnings

import numpy as np
import pytest
from pydicom.sr.codedict import codes

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.progress import Progress
from MedProcLib.quantification.radiomics.texture.definitions import DEFINITIONS
from MedProcLib.quantification.radiomics.texture.features import texture_features
from MedProcLib.quantification.radiomics.texture.settings import FAMILIES, TextureSettings

from . import manual
from .cases import ALL, discrete, noise, values

# IBSI digital phantom (arXiv 1612.07003, 5.1), rows of each slice; 0 outside the region
ROWS = """
14411 14611 41641 44641
14411 11611 01311 44611
14400 11111 11011 11611
14400 11111 11111 11611
"""
PHANTOM = np.array(
    [[[int(level) for level in row] for row in part.split()] for part in ROWS.split("\n")[1:-1]], np.int32
)
# of 3 significant digits, from the manual: a feature or more of each family in each aggregation
CONSENSUS = """
cm_joint_max 2D_avg 0.519, cm_joint_max 3D_avg 0.503, cm_joint_max 3D_comb 0.509, cm_inv_diff_norm 3D_avg 0.851,
cm_corr 3D_avg 0.157, cm_corr 3D_comb 0.183, cm_clust_prom 3D_comb 147, cm_info_corr1 3D_avg -0.157,
cm_info_corr1 3D_comb -0.0288, cm_info_corr2 3D_comb 0.269, cm_inv_var 3D_avg 0.0604, cm_sum_entr 3D_comb 2.11,
rlm_sre 2D_avg 0.641, rlm_sre 2D_comb 0.661, rlm_sre 2_5D_avg 0.665, rlm_sre 2_5D_comb 0.68, rlm_sre 3D_avg 0.705,
rlm_sre 3D_comb 0.729, rlm_lre 2D_avg 3.78, rlm_glnu 3D_comb 281, rlm_rl_entr 3D_comb 2.62, rlm_r_perc 3D_comb 0.68,
szm_sze 2D 0.363, szm_sze 2_5D 0.368, szm_sze 3D 0.255, szm_lze 3D 550, szm_zs_var 3D 331,
dzm_sde 2D 0.946, dzm_sde 2_5D 0.917, dzm_sde 3D 1, dzm_zd_entr 3D 1.92, dzm_zdnu 3D 5,
ngt_coarseness 3D 0.0296, ngt_contrast 3D 0.584, ngt_busyness 3D 6.54, ngt_complexity 3D 13.5, ngt_strength 3D 0.763,
ngl_lde 3D 0.045, ngl_hdlge 3D 102, ngl_dc_var 3D 22.1, ngl_dc_energy 3D 0.0533, ngl_dcnu_norm 3D 0.0657
"""


def test_digital_phantom():
    found = values(PHANTOM)
    for row in CONSENSUS.replace("\n", " ").split(","):
        name, aggregation, value = row.split()
        assert float(f"{found[f'{name}_{aggregation}']:.3g}") == float(value), row
    assert found == pytest.approx(manual.features(PHANTOM, 6, PHANTOM > 0, ALL), rel=1e-12)


def test_one_voxel():
    """It has one run of length 1 in each direction, one zone, no pair and no neighborhood."""
    levels = np.zeros((3, 3, 3), np.int32)
    levels[1, 1, 1] = 4
    for tag, value in values(levels).items():
        expected = {"rlm_hgre": 16, "szm_lze": 1, "dzm_lde": 1, "ngl_lgce": 1 / 16, "rlm_r_perc": 1, "ngl_dc_entr": 0}
        name = tag[: tag.index("_2" if "_2" in tag else "_3D")]
        if tag.startswith(("cm_", "ngt_")):
            assert np.isnan(value), tag
        else:
            assert value == expected.get(name, value) and np.isfinite(value), tag


def test_flat_region():
    found = values(np.full((3, 4, 5), 2, np.int32))
    for space in ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb"):
        assert np.isnan(found[f"cm_corr_{space}"]) and np.isnan(found[f"cm_info_corr1_{space}"])
        exact = {"joint_max": 1, "joint_avg": 2, "joint_var": 0, "joint_entr": 0, "contrast": 0, "inv_var": 0}
        exact |= {"info_corr2": 0, "inv_diff_norm": 1, "energy": 1, "clust_prom": 0, "auto_corr": 4}
        assert {name: found[f"cm_{name}_{space}"] for name in exact} == exact
    for space in ("2D", "2_5D", "3D"):
        tone = {name: found[f"ngt_{name}_{space}"] for name in ("coarseness", "contrast", "busyness", "complexity")}
        assert tone == {"coarseness": 1e6, "contrast": 0, "busyness": 0, "complexity": 0}
        assert found[f"ngt_strength_{space}"] == 0
    assert found["szm_lze_3D"] == 60**2 and found["szm_lze_2D"] == 20**2
    assert found["dzm_lde_3D"] == 1


def test_flat_slices_do_not_count_where_a_feature_is_not_defined_in_them():
    levels = noise((3, 6, 6), 4, seed=1)
    expected = values(levels[1:], TextureSettings(aggregations=("2D_comb",)))
    levels[0] = 3
    found = values(levels, TextureSettings(aggregations=("2D_comb",)))
    assert found["cm_corr_2D_comb"] == pytest.approx(expected["cm_corr_2D_comb"], rel=1e-12)
    assert found["cm_joint_max_2D_comb"] > expected["cm_joint_max_2D_comb"]


def test_nothing_warns_of_a_division_by_zero():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values(np.ones((1, 1, 1), np.int32))
        values(np.eye(3, dtype=np.int32)[np.newaxis] * 7)
        values(np.full((2, 2, 2), 3, np.int32))


def test_weighted_for_distance_only_where_directions_are_merged():
    levels, spacing = noise((5, 6, 7), 4, seed=2, smooth=0.8), (0.5, 0.7, 1.2)
    plain = values(levels, spacing=spacing)
    weighted = values(
        levels, TextureSettings(aggregations=ALL.aggregations, distance_weighting="euclidean"), spacing=spacing
    )
    changed = {tag for tag in plain if weighted[tag] != pytest.approx(plain[tag], rel=1e-9)}
    assert {tag.split("_")[0] for tag in changed} == {"cm", "rlm"} and all("_comb" in tag for tag in changed)
    # the runs weigh as much as the voxels in them
    assert 0 < weighted["rlm_r_perc_3D_comb"] < 1


def test_a_weight_leaves_the_shortest_direction_alone_where_voxels_are_large():
    levels, settings = (
        noise((5, 6, 7), 4, seed=2),
        TextureSettings(aggregations=("3D_comb",), distance_weighting="manhattan"),
    )
    before, after = levels[:, :, :-1].astype(float), levels[:, :, 1:].astype(float)
    pairs = (before > 0) & (after > 0)
    found = values(levels, settings, spacing=(30, 40, 50))
    assert found["cm_contrast_3D_comb"] == pytest.approx(np.mean((before - after)[pairs] ** 2))
    assert np.isfinite(list(found.values())).all()


def test_chosen_families_and_aggregations_in_the_order_of_the_manual():
    settings = TextureSettings(families=("ngt", "cm"), aggregations=("3D_comb", "2D_avg"))
    features = texture_features(discrete(PHANTOM, 6, PHANTOM > 0, settings), (2.0, 2.0, 2.0), settings)
    assert [f.aggregation for f in features] == ["2D_avg"] * 25 + ["3D_comb"] * 25 + ["2D"] * 5 + ["3D"] * 5
    first, last = features[0], features[-1]
    assert (first.tag, first.name, first.code, first.unit) == ("cm_joint_max_2D_avg", "Joint maximum", "GYBY", "")
    assert (last.tag, last.family, last.code) == ("ngt_strength_3D", "neighbourhood grey tone difference", "1X9X")


def test_codes_are_those_of_dicom():
    """PS3.16 took over the manual's codes and, but for spelling, names; the exceptions say what family it is."""
    known = {code.value: code.meaning for code in (getattr(codes.IBSI, name) for name in codes.IBSI.dir())}
    other = {
        "R8DG": "first measure",
        "JN9H": "second measure",
        "P30P": "size zone percentage",
        "VIWW": "distance zone percentage",
        "OKJI": "dependence count nonuniformity normalized",
    }

    def spelled(name):
        name = name.lower().replace("grey", "gray").replace("normalised", "normalized").replace("-", "")
        return re.sub(" (of|in) .*", "", name)

    definitions = [definition for family in FAMILIES for definition in DEFINITIONS[family]]
    for d in definitions:
        assert spelled(known[d.code]) == other.get(d.code, spelled(d.name)), d
    assert len({d.code for d in definitions}) == len({d.tag for d in definitions}) == 25 + 3 * 16 + 5 + 17


def test_the_input_stays_as_it_is():
    levels = noise(seed=3)
    kept = levels.copy()
    values(levels)
    assert (levels == kept).all()


@pytest.mark.parametrize(
    "setting, value",
    [
        ("families", ()),
        ("families", ("glcm",)),
        ("families", "cm"),
        ("aggregations", ("4D",)),
        ("norm", "city"),
        ("distance_weighting", "gauss"),
        ("distance", 0),
        ("distance", 1.5),
        ("ngtdm_distance", 0.5),
        ("ngldm_distance", float("nan")),
        ("ngldm_alpha", -1),
        ("ngldm_alpha", 0.5),
    ],
)
def test_settings_that_are_not_allowed_are_named(setting, value):
    with pytest.raises(InputError, match=setting):
        TextureSettings(**{setting: value})


def test_regions_that_cannot_be_measured():
    levels = noise(seed=4)
    with pytest.raises(InputError, match="empty"):
        values(levels * 0, n_levels=5)
    with pytest.raises(InputError, match="1 to 3 were announced"):
        values(levels, n_levels=3)
    with pytest.raises(InputError, match="-1 to 5"):
        values(np.where(levels == 0, -1, levels))
    with pytest.raises(InputError, match="morphological"):
        values(levels, morphological=np.zeros(levels.shape, bool))


def test_it_can_be_cancelled():
    progress = Progress(lambda fraction, message: fraction > 0.3 and progress.cancel())
    with pytest.raises(Cancelled):
        texture_features(discrete(PHANTOM, 6, PHANTOM > 0, ALL), (2.0, 2.0, 2.0), ALL, progress)
