"""Regions that are connected to seeds, and who gets what where they meet."""

from collections.abc import Mapping

import numpy as np

from ...core.boxes import box_of
from ...core.errors import InputError
from ...core.progress import SILENT, Progress
from ..common.connected_to import connected_to
from ..common.morphology import distance_to
from .marching import march
from .marked import Marked


def grown_regions(
    scene: Marked, allowed: Mapping[int, np.ndarray], connectivity: str, progress: Progress = SILENT
) -> np.ndarray:
    """Labels (z, y, x): of each seed's number what is connected to it in where it is allowed (bool, by number).

    A voxel that several numbers reach goes to the one with the shortest way (mm) to it inside where any is allowed.
    """
    labels = np.zeros(scene.seeds.shape, np.int32)
    claims = np.zeros(scene.seeds.shape, np.uint8)
    *shares, last = progress.parts(*[1.0] * (len(scene.numbers) + 1))
    regions = {}
    for number, share in zip(scene.numbers, shares, strict=True):
        regions[number] = connected_to(scene.seeds == number, allowed[number], connectivity, share)
        labels[regions[number]] = number
        claims += regions[number]
    if claims.max() > 1:
        _settle(scene, regions, labels, claims, connectivity, last)
    return labels


def _settle(
    scene: Marked,
    regions: Mapping[int, np.ndarray],
    labels: np.ndarray,
    claims: np.ndarray,
    connectivity: str,
    progress: Progress,
) -> None:
    """Give each voxel with several claims to the number that is nearest to it inside the regions."""
    disputed = connected_to(claims > 1, claims > 0, connectivity)
    box = box_of(disputed)
    region = disputed[box]
    spacing = tuple(reversed(scene.grid.spacing))
    seeds = np.where(region, scene.seeds[box], 0)
    _, nearest = march(np.where(region, np.float32(1), np.float32(np.inf)), seeds, spacing, progress=progress)
    for number, claimed in regions.items():
        wins = (claims[box] > 1) & claimed[box] & (nearest == number)
        labels[box][wins] = number


def refuse_seeds_outside(scene: Marked, allowed: np.ndarray, what: str) -> None:
    """Raise InputError for an object none of whose seeds lies where growing is allowed."""
    for number in scene.numbers:
        mine = scene.seeds == number
        if not (mine & allowed).any():
            values = scene.values[mine]
            there = f"{values.min():g}" if np.ptp(values) == 0 else f"{values.min():g} to {values.max():g}"
            raise InputError(
                f"Seed {number} lies where the image is {there}, outside the range of {what}: move it, or widen the "
                "range."
            )


def near_seeds(scene: Marked, radius_mm: float) -> np.ndarray:
    """Voxels within this distance of any seed."""
    return distance_to(scene.seeds > 0, scene.grid) <= radius_mm
