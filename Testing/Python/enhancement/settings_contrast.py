"""How the operations on contrast, detail and grey-value morphology are tried on a phantom of 40 voxels."""

SETTINGS = {
    "enhancement.clahe": [{"tile_mm": 12}, {"tile_mm": 12, "tiles": "each slice", "bins": 64}],
}
SETTINGS |= {
    "enhancement.top_hat": [{"kind": kind, "radius_mm": 2.0} for kind in ("enhance", "bright")],
    "enhancement.grey_morphology": [{"kind": kind} for kind in ("erode", "open", "gradient")],
    "enhancement.reconstruction": [{}, {"kind": "close", "connected": "each slice"}],
    "enhancement.h_extrema": [{}, {"kind": "minima", "connected": "each slice"}],
    "enhancement.fill_holes": [{}, {"kind": "bright peaks", "connected": "3D"}],
}
SETTINGS |= {
    "enhancement.laplacian": [{}, {"kind": "laplacian"}],
    "enhancement.local_normalization": [{"sd_mm": 6}],
}
