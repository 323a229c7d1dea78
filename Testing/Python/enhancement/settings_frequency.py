"""Settings of the wavelet, speckle, count and frequency operations for the small phantoms of the general tests."""

SETTINGS = {
    "enhancement.wavelet_shrinkage": [{}, {"method": "soft"}, {"method": "hard", "coarsest_mm": 8}],
    "enhancement.variance_stabilized": [
        {},
        {"denoiser": "wavelet"},
        {"denoiser": "gaussian", "smoothing_mm": 1.5, "intensity_per_count": 2},
    ],
    "enhancement.frequency_filter": [
        {"kind": "low_pass"},
        {"kind": "high_pass", "shape": "butterworth", "longest_mm": 20, "keep_mean": True},
        {"kind": "band_pass", "shape": "butterworth", "order": 4},
    ],
    "enhancement.remove_stripes": [
        {"length_mm": 10},
        {"stripes": "vertical", "length_mm": 10},
        {"stripes": "slices", "length_mm": 8},
    ],
    # nothing periodic is found in the phantom
    "enhancement.notch": [{"wavelength_mm": 3, "angle_deg": 30, "extent_mm": 8}, {"wavelength_mm": 4, "extent_mm": 4}],
    "enhancement.richardson_lucy": [{"fwhm_mm": 2, "iterations": 4}],
    "enhancement.gibbs_reduction": [{}, {"interpolation": 2}],
    "enhancement.ring_reduction": [{}, {"center_x_mm": 4, "center_y_mm": -3, "arc_deg": 360}],
    # the brightest of the phantom stands for metal
    "enhancement.metal_streak_reduction": [{"metal_hu": 110}, {"metal_hu": 110, "reach_mm": 3}],
}
