"""What defines a texture feature beside the discretized region."""

import math
from dataclasses import dataclass

from ....core.errors import InputError

FAMILIES = ("cm", "rlm", "szm", "dzm", "ngt", "ngl")
AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
NORMS = ("chebyshev", "manhattan", "euclidean")
WEIGHTINGS = ("none", *NORMS)
# A neighborhood this wide has a million voxels.
LARGEST_DISTANCE = 50


@dataclass(frozen=True)
class TextureSettings:
    """Families, how their matrices are put together, and what counts as a neighbor; the defaults are the manual's.

    families: cm (co-occurrence), rlm (run length), szm (size zone), dzm (distance zone), ngt (neighborhood tone
    difference), ngl (neighborhood dependence).
    aggregations: by slice (2D), by slice but merged over slices (2_5D) or in the volume (3D); features of each
    direction averaged (avg) or directions merged before (comb). Families without directions take the part before _.
    norm: of the vectors to neighbors. Chebyshev links voxels by faces, edges and corners, the others by faces only.
    distance: in voxels, between the two of a co-occurrence; of the Chebyshev norm a whole number, of the others the
    largest, vectors longer than it less one being taken.
    ngtdm_distance, ngldm_distance: in voxels, radius of the neighborhood in that norm.
    ngldm_alpha: largest difference between levels that still depend on each other.
    distance_weighting: norm in mm of the directions' length |m| in the weight exp(-|m|^2) by which co-occurrences and
    runs count when directions are merged; 'none' counts all alike, as the manual recommends.

    Raises InputError naming the setting that is not allowed.
    """

    families: tuple[str, ...] = FAMILIES
    aggregations: tuple[str, ...] = ("3D_avg", "3D_comb")
    distance: float = 1
    norm: str = "chebyshev"
    ngldm_alpha: int = 0
    ngldm_distance: float = 1
    ngtdm_distance: float = 1
    distance_weighting: str = "none"

    def __post_init__(self) -> None:
        several: dict[str, tuple[str, ...]] = {"families": FAMILIES, "aggregations": AGGREGATIONS}
        for name, known in several.items():
            chosen = getattr(self, name)
            if isinstance(chosen, str) or not chosen or not set(chosen) <= set(known):
                raise InputError(f"texture setting '{name}' is {chosen!r}; allowed: one or more of {', '.join(known)}.")
            object.__setattr__(self, name, tuple(item for item in known if item in chosen))
        one: dict[str, tuple[str, ...]] = {"norm": NORMS, "distance_weighting": WEIGHTINGS}
        for name, known in one.items():
            if getattr(self, name) not in known:
                raise InputError(f"texture setting '{name}' is {getattr(self, name)!r}; allowed: {', '.join(known)}.")
        for name in ("distance", "ngldm_distance", "ngtdm_distance"):
            if not 1 <= getattr(self, name) <= LARGEST_DISTANCE:
                raise InputError(
                    f"texture setting '{name}' is {getattr(self, name)!r}; allowed: 1 to {LARGEST_DISTANCE} voxels."
                )
        if self.norm == "chebyshev" and self.distance != math.floor(self.distance):
            raise InputError(
                f"texture setting 'distance' is {self.distance!r}; a whole number of voxels is needed with the "
                "Chebyshev norm, or choose the Euclidean norm."
            )
        if self.ngldm_alpha < 0 or self.ngldm_alpha != math.floor(self.ngldm_alpha):
            raise InputError(f"texture setting 'ngldm_alpha' is {self.ngldm_alpha!r}; allowed: 0, 1, 2 and so on.")

    @property
    def reach(self) -> float:
        """In voxels, of the widest neighborhood."""
        return max(1, self.distance, self.ngtdm_distance, self.ngldm_distance)

    @property
    def spaces(self) -> tuple[str, ...]:
        """Aggregations of the families without directions: '2D', '2_5D', '3D'."""
        return tuple(dict.fromkeys(name.rpartition("_")[0] for name in self.aggregations))
