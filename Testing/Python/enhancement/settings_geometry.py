"""Settings of the geometry operations for the small phantom."""

SETTINGS = {
    "enhancement.resample": [
        {},
        {"spacing_mm": 1.3, "interpolation": "Lanczos"},
        {"spacing_mm": 1.7, "interpolation": "cubic"},
        {"spacing_mm": 0.9, "slice_spacing_mm": 2.1, "interpolation": "nearest"},
    ],
    "enhancement.crop": [{"margin_mm": 1.0}],
    "enhancement.pad": [{"side_mm": 3.0, "slices_mm": 2.0, "fill": "fixed value", "value": -7.0}],
    "enhancement.reorient": [{"axes": "PIR"}],
    "enhancement.affine": [
        {"about_superior_inferior_deg": 9.0, "to_left_mm": 2.0, "scale": 0.8},
        {"about_superior_inferior_deg": 20.0, "scale": 1.2, "interpolation": "cubic"},
    ],
}
