"""Settings of the wavelet, speckle, count and frequency operations for the small phantoms of the general tests."""

SETTINGS = {
    "enhancement.wavelet_shrinkage": [{}, {"method": "soft"}, {"method": "hard", "coarsest_mm": 8}],
    "enhancement.variance_stabilized": [{}, {"denoiser": "gaussian", "smoothing_mm": 1.5, "intensity_per_count": 2}],
}
