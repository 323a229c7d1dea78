"""How operations on intensities and shading are tried on the small phantom (see settings)."""

import SimpleITK as sitk

SCALE = (
    '{"standard_scale": 1, "percentiles": [1, 25, 50, 75, 99], "landmarks": [0, 30, 45, 60, 100], "images": 3, '
    '"masked": false}'
)
# the phantom's ground (10) is air, its body (100) soft tissue
PHANTOM_TO_HU = {"slope": 11.0, "intercept": -1110.0}


def _reference(image: sitk.Image) -> sitk.Image:
    return sitk.Cast(image, sitk.sitkFloat32) * 2 + 30


SETTINGS = {
    "enhancement.n4": [{}, {"iterations": 3, "working_spacing_mm": 2.0, "output": "field"}],
    "enhancement.flat_field": [
        {},
        {"method": "gaussian", "mode": "additive", "scale_mm": 10.0},
        {"method": "depth_gain", "scale_mm": 8.0},
    ],
    "enhancement.rescale": [
        {},
        {"limits": "values", "low_value": 5.0, "high_value": 80.0, "output_low": 10.0, "output_high": -10.0},
        {"output": "clamp_only"},
    ],
    "enhancement.window": [{}, {"output": "clamp_only", "center": 60.0, "width": 50.0}],
    "enhancement.gamma": [{}, {"gamma": 2.0, "low_percentile": 2.0, "high_percentile": 98.0}],
    "enhancement.logarithm": [{"offset": 40.0}, {"negative": "shift"}],
    "enhancement.sigmoid": [{}, {"limits": "values", "center": 50.0, "width": 60.0}],
    "enhancement.histogram_equalization": [{}, {"bins": 16}],
    "enhancement.histogram_matching": [{}, {"learned_from": "all", "quantiles": 32}],
    "enhancement.standardize": [{}, {"method": "z_score"}, {"method": "percentiles"}],
    "enhancement.white_stripe": [{}, {"contrast": "flair"}],
    "enhancement.nyul": [{"standard_scale": SCALE}],
    "enhancement.ct_to_hu": [PHANTOM_TO_HU],
}
NEEDED_PARAMETERS = {
    "enhancement.nyul": {"standard_scale": SCALE},
    "enhancement.ct_to_hu": PHANTOM_TO_HU,
    "enhancement.logarithm": {"negative": "shift"},
}
THINGS_NEEDED = {"enhancement.histogram_matching": {"reference": _reference}}
