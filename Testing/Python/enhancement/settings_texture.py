"""Texture filters are tried with the choices that change what is computed, on kernels that fit the small phantom."""

SETTINGS = {
    "enhancement.texture_mean": [{}, {"support_voxels": 4, "boundary": "zero"}, {"boundary": "periodic"}],
    "enhancement.texture_log": [{}, {"boundary": "nearest", "dimension": "2D"}],
    "enhancement.texture_laws": [
        {"energy_distance_voxels": 2},
        {"kernel_z": "none", "rotation_invariant": False, "boundary": "zero"},
    ],
    "enhancement.texture_gabor": [{"sigma_mm": 0.7}, {"sigma_mm": 0.7, "planes": "all", "boundary": "zero"}],
    "enhancement.texture_wavelet": [{}, {"wavelet": "haar", "subband": "LH", "level": 2, "boundary": "nearest"}],
    "enhancement.texture_simoncelli": [{}, {"boundary": "periodic", "level": 2}, {"dimension": "2D"}],
    "enhancement.texture_riesz": [{}, {"filter": "log", "order_y": 2, "boundary": "mirror"}],
}
