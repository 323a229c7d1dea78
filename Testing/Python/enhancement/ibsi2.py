"""The configurations of the standard for filters, IBSI 2 phase 1 (arXiv 2006.05470, section on benchmarks).

ibsi2_configuration("3.a.1") -> the operation; IBSI2_PHANTOMS["3.a.1"] -> the phantom it is to be run on. A response is
right when no voxel differs from the reference map by more than 1 % of that map's intensity range.
"""

from typing import Any

from MedProcLib.core.registry import create_operation

TOLERANCE = 0.01

_LAWS_A = {"kernel_x": "E5", "kernel_y": "L5", "kernel_z": "S5", "boundary": "zero"}
_LAWS_B = {"kernel_x": "E3", "kernel_y": "W5", "kernel_z": "R5", "boundary": "mirror"}
_LAWS_C = {"kernel_x": "L5", "kernel_y": "S5", "kernel_z": "none", "boundary": "mirror"}
_VARIANTS = [
    {"rotation_invariant": False},
    {"rotation_invariant": True, "pooling": "max"},
    {"rotation_invariant": True, "pooling": "max", "energy_distance_voxels": 7},
]
_GABOR_A = {"sigma_mm": 10, "wavelength_mm": 4, "aspect_ratio": 0.5, "boundary": "zero"}
_GABOR_B = {"sigma_mm": 20, "wavelength_mm": 8, "aspect_ratio": 2.5, "boundary": "mirror"}
_ONE_MAP = {"rotation_invariant": False}
_AVERAGE = {"rotation_invariant": True, "pooling": "average"}

_Entry = tuple[str, str, dict[str, Any]]

# test -> phantom, operation, parameters
_CONFIGURATIONS: dict[str, _Entry] = {
    "1.a.1": ("checkerboard", "texture_mean", {"support_voxels": 15, "boundary": "zero"}),
    "1.a.2": ("checkerboard", "texture_mean", {"support_voxels": 15, "boundary": "nearest"}),
    "1.a.3": ("checkerboard", "texture_mean", {"support_voxels": 15, "boundary": "periodic"}),
    "1.a.4": ("checkerboard", "texture_mean", {"support_voxels": 15, "boundary": "mirror"}),
    "1.b.1": ("impulse", "texture_mean", {"support_voxels": 15, "boundary": "zero", "dimension": "2D"}),
    "2.a": ("impulse", "texture_log", {"sigma_mm": 3, "boundary": "zero"}),
    "2.b": ("checkerboard", "texture_log", {"sigma_mm": 5, "boundary": "mirror"}),
    "2.c": ("checkerboard", "texture_log", {"sigma_mm": 5, "boundary": "mirror", "dimension": "2D"}),
    **{f"3.a.{n}": ("impulse", "texture_laws", _LAWS_A | v) for n, v in enumerate(_VARIANTS, 1)},
    **{f"3.b.{n}": ("checkerboard", "texture_laws", _LAWS_B | v) for n, v in enumerate(_VARIANTS, 1)},
    **{f"3.c.{n}": ("checkerboard", "texture_laws", _LAWS_C | v) for n, v in enumerate(_VARIANTS, 1)},
    "4.a.1": ("impulse", "texture_gabor", _GABOR_A | {"angle_deg": 60, "directions": 1}),
    "4.a.2": ("impulse", "texture_gabor", _GABOR_A | {"directions": 4, "planes": "all"}),
    "4.b.1": ("sphere", "texture_gabor", _GABOR_B | {"angle_deg": 225, "directions": 1}),
    "4.b.2": ("sphere", "texture_gabor", _GABOR_B | {"directions": 8, "planes": "all"}),
    "5.a.1": ("impulse", "texture_wavelet", {"wavelet": "db2", "subband": "LHL", "boundary": "zero"} | _ONE_MAP),
    "5.a.2": ("impulse", "texture_wavelet", {"wavelet": "db2", "subband": "LHL", "boundary": "zero"} | _AVERAGE),
    "6.a.1": ("sphere", "texture_wavelet", {"wavelet": "coif1", "subband": "HHL", "boundary": "periodic"} | _ONE_MAP),
    "6.a.2": ("sphere", "texture_wavelet", {"wavelet": "coif1", "subband": "HHL", "boundary": "periodic"} | _AVERAGE),
    "7.a.1": ("checkerboard", "texture_wavelet", {"wavelet": "haar", "subband": "LLL", "level": 2} | _AVERAGE),
    "7.a.2": ("checkerboard", "texture_wavelet", {"wavelet": "haar", "subband": "HHH", "level": 2} | _AVERAGE),
    **{
        f"8.a.{level}": ("checkerboard", "texture_simoncelli", {"level": level, "boundary": "periodic"})
        for level in (1, 2, 3)
    },
    "9.a": (
        "impulse",
        "texture_riesz",
        {"filter": "log", "sigma_mm": 3, "order_x": 1, "order_y": 0, "boundary": "zero"},
    ),
    "9.b.1": ("sphere", "texture_riesz", {"filter": "log", "sigma_mm": 3, "order_y": 2, "boundary": "zero"}),
    "10.a": ("impulse", "texture_riesz", {"level": 1, "order_x": 1, "order_y": 0, "boundary": "zero"}),
    "10.b.1": ("pattern_1", "texture_riesz", {"level": 1, "order_y": 2, "boundary": "nearest"}),
}

IBSI2_PHANTOMS = {test: phantom for test, (phantom, _, _) in _CONFIGURATIONS.items()}


def ibsi2_configuration(test_id: str) -> Any:
    """The operation that computes the response map of a test of the standard, "1.a.1" to "10.b.1"."""
    _, name, parameters = _CONFIGURATIONS[test_id]
    return create_operation(f"enhancement.{name}", parameters)
