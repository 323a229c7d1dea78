"""What is flat and the same in one transverse slice after the other, as a table is and a limb or a head is not."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry

# A section smaller than this may stay the same by chance. A flat one is so many times as large as the largest disk in
# it; two limbs that touch have twice the area.
LEAST_MM2, FLAT = 400.0, 3.0
# It is compared with slices so far away, on either side, in which at most this share of it differs. Its rim is left
# out, and looked at so far around.
APART_MM, MOST_DIFFERENT, RIM_MM, AROUND_MM = (10.0, 20.0), 0.06, 2.0, 5.0
# Of the slices that are dense at a place, it belongs to such a section in at least this share, over so many mm.
SHARE, LENGTH_MM = 0.2, 30.0


def fixed_parts(dense: np.ndarray, grid: Geometry) -> np.ndarray:
    """What (bool; z, y, x) of dense things is flat and unchanged over slices, apart from the largest of each slice."""
    places = np.zeros(dense.shape[1:], int)
    for z, plane in enumerate(dense):
        pieces, count = ndimage.label(plane)
        areas = np.bincount(pieces.ravel(), minlength=count + 1) * grid.spacing[0] * grid.spacing[1]
        areas[0] = 0
        areas[np.argmax(areas)] = 0
        sides = [_slices(dense, z, sign, grid) for sign in (-1, 1)]
        for number in np.flatnonzero(areas >= LEAST_MM2).tolist():
            section = pieces == number
            depth = ndimage.distance_transform_edt(section, grid.spacing[1::-1]).max()
            if areas[number] > FLAT * np.pi * depth**2 and any(
                _unchanged(section, side, grid) for side in sides if side
            ):
                places += section
    fixed = (places >= SHARE * dense.sum(axis=0)) & (places * grid.spacing[2] >= LENGTH_MM)
    return dense & fixed


def _slices(dense: np.ndarray, z: int, sign: int, grid: Geometry) -> list[np.ndarray]:
    """Those on one side of a slice that it is compared with; none where the image ends before."""
    there = [z + sign * round(mm / grid.spacing[2]) for mm in APART_MM]
    return [dense[place] for place in there] if 0 <= there[-1] < len(dense) else []


def _unchanged(section: np.ndarray, others: list[np.ndarray], grid: Geometry) -> bool:
    rim, around = (max(1, round(mm / grid.spacing[0])) for mm in (RIM_MM, AROUND_MM))
    within = ndimage.binary_erosion(section, iterations=rim)
    ring = ndimage.binary_dilation(section, iterations=around) & ~ndimage.binary_dilation(section, iterations=rim)
    most = MOST_DIFFERENT * int(np.sum(within))
    return most > 0 and all(int(np.sum(within & ~o)) + int(np.sum(ring & o)) <= most for o in others)
