"""Settings of the structure filters for the small phantom."""

_SHAPES = [
    {},
    {"method": "Sato", "polarity": "dark", "scales": 2},
]
SETTINGS = {
    "enhancement.canny": [{}, {"threshold": "noise", "noise_multiple": 6}],
    "enhancement.vesselness": _SHAPES,
    "enhancement.plateness": _SHAPES,
    "enhancement.blobness": _SHAPES,
}
