"""How the operations on contrast, detail and grey-value morphology are tried on a phantom of 40 voxels."""

SETTINGS = {
    "enhancement.clahe": [{"tile_mm": 12}, {"tile_mm": 12, "tiles": "each slice", "bins": 64}],
}
