"""Texture features against pyradiomics (matrices counted in C) and mirp.

Features of a flat region are left out: both have values there (correlation 1) which the manual does not give.
"""

import logging

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.quantification.radiomics.texture.settings import TextureSettings

from .cases import lesion, noise, values

# pyradiomics' name of a feature, by its name here
NAMES = {
    "glcm": "joint_max MaximumProbability, joint_avg JointAverage, joint_var SumSquares, joint_entr JointEntropy, "
    "diff_avg DifferenceAverage, diff_var DifferenceVariance, diff_entr DifferenceEntropy, sum_avg SumAverage, "
    "sum_entr SumEntropy, energy JointEnergy, contrast Contrast, inv_diff Id, inv_diff_norm Idn, inv_diff_mom Idm, "
    "inv_diff_mom_norm Idmn, inv_var InverseVariance, corr Correlation, auto_corr Autocorrelation, "
    "clust_tend ClusterTendency, clust_shade ClusterShade, clust_prom ClusterProminence, info_corr1 Imc1, "
    "info_corr2 Imc2",
    "glrlm": "sre ShortRunEmphasis, lre LongRunEmphasis, lgre LowGrayLevelRunEmphasis, "
    "hgre HighGrayLevelRunEmphasis, srlge ShortRunLowGrayLevelEmphasis, srhge ShortRunHighGrayLevelEmphasis, "
    "lrlge LongRunLowGrayLevelEmphasis, lrhge LongRunHighGrayLevelEmphasis, glnu GrayLevelNonUniformity, "
    "glnu_norm GrayLevelNonUniformityNormalized, rlnu RunLengthNonUniformity, "
    "rlnu_norm RunLengthNonUniformityNormalized, r_perc RunPercentage, gl_var GrayLevelVariance, "
    "rl_var RunVariance, rl_entr RunEntropy",
    "glszm": "sze SmallAreaEmphasis, lze LargeAreaEmphasis, lgze LowGrayLevelZoneEmphasis, "
    "hgze HighGrayLevelZoneEmphasis, szlge SmallAreaLowGrayLevelEmphasis, szhge SmallAreaHighGrayLevelEmphasis, "
    "lzlge LargeAreaLowGrayLevelEmphasis, lzhge LargeAreaHighGrayLevelEmphasis, glnu GrayLevelNonUniformity, "
    "glnu_norm GrayLevelNonUniformityNormalized, zsnu SizeZoneNonUniformity, "
    "zsnu_norm SizeZoneNonUniformityNormalized, z_perc ZonePercentage, gl_var GrayLevelVariance, "
    "zs_var ZoneVariance, zs_entr ZoneEntropy",
    "ngtdm": "coarseness Coarseness, contrast Contrast, busyness Busyness, complexity Complexity, strength Strength",
    "gldm": "lde SmallDependenceEmphasis, hde LargeDependenceEmphasis, lgce LowGrayLevelEmphasis, "
    "hgce HighGrayLevelEmphasis, ldlge SmallDependenceLowGrayLevelEmphasis, "
    "ldhge SmallDependenceHighGrayLevelEmphasis, hdlge LargeDependenceLowGrayLevelEmphasis, "
    "hdhge LargeDependenceHighGrayLevelEmphasis, glnu GrayLevelNonUniformity, dcnu DependenceNonUniformity, "
    "dcnu_norm DependenceNonUniformityNormalized, gl_var GrayLevelVariance, dc_var DependenceVariance, "
    "dc_entr DependenceEntropy",
}
OURS = {"glcm": "cm", "glrlm": "rlm", "glszm": "szm", "ngtdm": "ngt", "gldm": "ngl"}
REGIONS = {
    "lesion": (lesion(3000, 16), (1.0, 1.0, 1.0)),
    "noise with gaps": (noise((6, 9, 11), 7, seed=3, smooth=0.5, outside=0.3), (0.8, 0.9, 1.3)),
}


@pytest.fixture(params=list(REGIONS))
def region(request):
    return REGIONS[request.param]


def pyradiomics(levels, spacing, **settings):
    """(family here, name here) -> value of pyradiomics. The lowest level must be 1."""
    radiomics = pytest.importorskip("radiomics")
    from radiomics import glcm, gldm, glrlm, glszm, ngtdm

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    assert radiomics and levels[levels > 0].min() == 1
    image, mask = sitk.GetImageFromArray(levels), sitk.GetImageFromArray((levels > 0).astype(np.uint8))
    for one in (image, mask):
        one.SetSpacing(spacing)
    classes = {
        "glcm": glcm.RadiomicsGLCM,
        "glrlm": glrlm.RadiomicsGLRLM,
        "glszm": glszm.RadiomicsGLSZM,
        "ngtdm": ngtdm.RadiomicsNGTDM,
        "gldm": gldm.RadiomicsGLDM,
    }
    found = {}
    for family, maker in classes.items():
        pairs = [pair.split() for pair in NAMES[family].split(", ")]
        peer = maker(image, mask, binWidth=1, **settings)
        for _, theirs in pairs:
            peer.enableFeatureByName(theirs)
        result = peer.execute()
        found |= {(OURS[family], ours): float(result[theirs]) for ours, theirs in pairs}
    return found


def assert_equal(found, peer, aggregation):
    for (family, name), value in peer.items():
        suffix = aggregation if family in ("cm", "rlm") else "3D"
        assert found[f"{family}_{name}_{suffix}"] == pytest.approx(value, rel=1e-6), (family, name)


def test_pyradiomics_averages_over_directions(region):
    levels, spacing = region
    assert_equal(values(levels), pyradiomics(levels, spacing), "3D_avg")


def test_pyradiomics_merges_directions(region):
    levels, spacing = region
    assert_equal(values(levels), pyradiomics(levels, spacing, weightingNorm="no_weighting"), "3D_comb")


@pytest.mark.parametrize("norm, theirs", [("manhattan",) * 2, ("euclidean",) * 2, ("chebyshev", "infinity")])
def test_pyradiomics_weights_directions(region, norm, theirs):
    """Its runs weigh as much as the direction is long, instead of an inverse function of that: left out."""
    levels, spacing = region
    settings = TextureSettings(families=("cm",), aggregations=("3D_comb",), distance_weighting=norm)
    peer = pyradiomics(levels, spacing, weightingNorm=theirs)
    assert_equal(values(levels, settings, spacing=spacing), {k: v for k, v in peer.items() if k[0] == "cm"}, "3D_comb")


def test_pyradiomics_looks_further_and_coarser():
    levels, spacing = REGIONS["lesion"]
    settings = TextureSettings(aggregations=("3D_avg",), ngldm_alpha=1)
    peer = pyradiomics(levels, spacing, gldm_a=1)
    found = values(levels, settings)
    assert_equal(found, {key: value for key, value in peer.items() if key[0] == "ngl"}, "3D_avg")


def test_mirp_in_all_aggregations():
    mirp = pytest.importorskip("mirp")
    levels = noise((3, 6, 7), 4, seed=5, smooth=0.6, outside=0.1)
    endings = {
        "2D_avg": "2d_avg",
        "2D_comb": "2d_s_mrg",
        "2_5D_avg": "2.5d_d_mrg",
        "2_5D_comb": "2.5d_v_mrg",
        "3D_avg": "3d_avg",
        "3D_comb": "3d_v_mrg",
        "2D": "2d",
        "2_5D": "2.5d",
        "3D": "3d",
    }
    directions = [
        "2d_average",
        "2d_slice_merge",
        "2.5d_direction_merge",
        "2.5d_volume_merge",
        "3d_average",
        "3d_volume_merge",
    ]
    methods = {f"{family}_spatial_method": directions for family in ("glcm", "glrlm")}
    methods |= {f"{family}_spatial_method": ["2d", "2.5d", "3d"] for family in ("glszm", "gldzm", "ngtdm", "ngldm")}
    (table,) = mirp.extract_features(
        image=levels.astype(float),
        mask=(levels > 0).astype(int),
        base_discretisation_method="none",
        base_feature_families=["cm", "rlm", "szm", "dzm", "ngtdm", "ngldm"],
        **methods,
    )
    middle = {"cm": "_d1", "ngl": "_d1_a0.0"}
    for tag, value in values(levels).items():
        aggregation = next(ending for ending in endings if tag.endswith(f"_{ending}"))
        family, name = tag.split("_")[0], tag.removesuffix(f"_{aggregation}")
        theirs = float(table[f"{name}{middle.get(family, '')}_{endings[aggregation]}"].iloc[0])
        assert value == pytest.approx(theirs, rel=1e-9), tag
