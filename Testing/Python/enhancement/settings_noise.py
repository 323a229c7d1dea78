"""How the operations against noise are tried in test_every_operation."""

SETTINGS = {
    "enhancement.gradient_diffusion": [{}, {"conductance": "rational", "scale_mm": 1.5}],
    "enhancement.median": [{}, {"radius_mm": 2.1}],
    "enhancement.non_local_means": [
        {"search_radius_mm": 2.1},
        {"noise": 4.0, "search_radius_mm": 2.1, "patch_radius_mm": 2.0, "rician": True},
    ],
}
