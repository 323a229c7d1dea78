"""Cases of the thresholds: a ball of 100 on a ground of 20, or of SUV 10 on 2."""

import SimpleITK as sitk

from .case import Case, ball_image


def pet_ball(size=(32, 30, 24), spacing=None) -> sitk.Image:
    """The ball at an SUV of 10 on 2."""
    image = ball_image(size, spacing)
    return image / 10.0


SHADED = {"window_mm": 15.0}

METHODS = (
    *("otsu", "li", "yen", "triangle", "maximum_entropy", "kittler_illingworth"),
    *("huang", "renyi_entropy", "shanbhag", "intermodes", "isodata", "moments"),
)

CASES = {
    "segmentation.threshold": [
        Case(parameters={"lower": 60.0}, scale_free=False),
        Case(parameters={"tissue": "muscle"}, image=lambda *a: ball_image(*a) - 60.0, scale_free=False),
    ],
    "segmentation.auto_threshold": [Case(parameters={"method": method}, share=0.01) for method in METHODS]
    + [Case(parameters={"side": side, "ignored_percent": 1.0, "scale": "square root"}) for side in ("bright", "dark")]
    + [Case(parameters={"side": "dark", "ignored_percent": 1.0})],
    "segmentation.multi_otsu": [Case(parameters={"keep": "2-3"}), Case(parameters={"classes": 2, "keep": "2"})],
    "segmentation.local_threshold": [
        Case(parameters=SHADED),
        Case(parameters=SHADED | {"method": "niblack", "side": "dark"}),
        Case(parameters=SHADED | {"method": "mean"}, scale_free=False),
    ],
    "segmentation.hysteresis_threshold": [
        Case(parameters={"outline": 60.0, "find": 105.0}, scale_free=False),
        Case(parameters={"outline": 60.0, "find": 20.0, "side": "dark"}, scale_free=False),
    ],
    "segmentation.pet_threshold": [
        Case(image=pet_ball, scale_free=False),
        Case(image=pet_ball, parameters={"method": "percent_of_maximum"}),
        Case(
            image=pet_ball,
            parameters={"method": "percist_liver"},
            optional=("seeds",),
            flat=False,
            things={"seeds": lambda image: _in_ground(image)},
        ),
    ],
    "segmentation.pet_lesion_threshold": [
        Case(image=pet_ball),
        Case(image=pet_ball, parameters={"rule": "percent_of_contrast", "percent": 50.0}),
        Case(image=pet_ball, parameters={"rule": "nestle"}),
    ],
}


def _in_ground(image: sitk.Image) -> sitk.Image:
    """Seed 1 painted where the image is dark."""
    return sitk.Cast(image < 5.0, sitk.sitkUInt8)
