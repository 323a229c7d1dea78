"""Fat and muscle areas in CT, slice by slice and at a level."""

import math
from typing import Annotated

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.hounsfield import FAT_HU, MUSCLE_HU
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..figure import Figure
from ..figures import SLICE_POSITION
from ..row import Row
from ..volume import as_volume
from .in_hounsfield import require_hounsfield
from .transverse import is_transverse

NAME = "Body composition"
# of a label's voxels, that have the density of the tissue it is taken for; with less than the first (a lung taken for
# fat has hardly any) it is another structure
OTHER_SHARE, LEAST_SHARE = 0.1, 0.5
WORDS = {"subcutaneous": "fat under the skin", "visceral": "visceral fat", "muscle": "muscle"}
FAT_UNDER_SKIN = Figure("subcutaneous_fat_area", "cm2", "area of fat under the skin (SAT)")
VISCERAL_FAT = Figure("visceral_fat_area", "cm2", "area of fat inside the wall of the trunk (VAT)")
RATIO = Figure("visceral_to_subcutaneous", "", "area of visceral by that of subcutaneous fat")
MUSCLE = Figure("muscle_area", "cm2", "area of muscle (SMA)")
INDEX = Figure("muscle_index", "cm2/m2", "area of muscle by squared body height (SMI)")
DENSITY = Figure("muscle_density", "HU", "mean density of muscle (SMD)")
BODY_FIGURES = (FAT_UNDER_SKIN, VISCERAL_FAT, RATIO, MUSCLE, INDEX, DENSITY)


@operation(
    "quantification.body_composition",
    title="Body composition (CT)",
    gives="table",
    source="Mourtzakis et al., Appl Physiol Nutr Metab 33(5), 2008 (level of L3); Prado et al., Lancet Oncol 9(7), "
    "2008 (muscle index); Mitsiopoulos et al., J Appl Physiol 85(1), 1998 (ranges in HU)",
    dimensions=(3,),
)
class BodyComposition:
    """Areas of fat and muscle, and the density of muscle: mean of the slices at a level (or of all), and of each slice.

    Takes the segments of fat and muscle, such as 'Fat and muscle in CT' gives. Of them counts what has the density of
    fat (-190 to -30 HU) or muscle (-29 to 150 HU). Areas are those of slices along the third axis of the image. Muscle
    is what its label says: other lean tissue (4) is not counted, and where one label holds organs too (as without that
    parting), its area is no muscle area. The index needs the level of the third lumbar vertebra and a look at the wall.
    """

    subcutaneous_label: Annotated[int, Range(0, 65535), "label of fat under the skin (0: none)"] = 1
    visceral_label: Annotated[int, Range(0, 65535), "label of visceral fat (0: none)"] = 2
    muscle_label: Annotated[int, Range(0, 65535), "label of muscle (0: none)"] = 3
    at_level: Annotated[bool, "only the slices at the level below, such as the middle of the third lumbar vertebra"] = (
        False
    )
    level_mm: Annotated[float, Range(-1e5, 1e5, "mm"), "S coordinate (LPS) of the level"] = 0.0
    slab_mm: Annotated[float, Range(0, 500, "mm"), "slices whose middle is within this thickness; 0: the nearest"] = 0.0
    height_m: Annotated[float, Range(0, 2.8), "body height in m, for the muscle index (0: unknown)"] = 0.0
    slices: Annotated[bool, "a row for each slice too"] = True

    def __call__(self, image, labels, progress=SILENT):
        values, numbers = as_volume(image), as_volume(labels)
        require_hounsfield(values)
        grid = Geometry.of(image)
        planes = self._planes(grid)
        progress(0.2, "Measuring fat and muscle")
        tissues = {
            name: _Areas(values[planes], numbers[planes], label, limits, grid)
            for name, (label, limits) in {
                "subcutaneous": (self.subcutaneous_label, FAT_HU),
                "visceral": (self.visceral_label, FAT_HU),
                "muscle": (self.muscle_label, MUSCLE_HU),
            }.items()
            if label
        }
        for name, areas in tissues.items():
            if areas.share < OTHER_SHARE:
                raise InputError(
                    f"Label {areas.label} is not {WORDS[name]}: only {100 * areas.share:.0f} % of it has its density. "
                    "Name the right label (0: none), or segment fat and muscle first (preset 'Fat and muscle')."
                )
            if areas.share < LEAST_SHARE:
                other = 100 * (1 - areas.share)
                progress.note(
                    f"Label {areas.label} is taken for {WORDS[name]}, but {other:.0f} % of it has another density: is "
                    "it the right label?"
                )
        if not any(areas.cm2.any() for areas in tissues.values()):
            raise InputError(
                "There is no fat or muscle of these labels in the slices: segment them first, choose another level, "
                "or name other labels."
            )
        rows = [Row(0, NAME, None, tuple(self._figures(tissues, slice(None), slices=len(planes))))]
        for place, plane in enumerate(planes.tolist() if self.slices else ()):
            figures = self._figures(tissues, slice(place, place + 1), slices=1)
            rows.append(Row(0, NAME, None, (*figures, _position(grid, plane)), slice=plane))
        return rows

    def _planes(self, grid: Geometry) -> np.ndarray:
        """Indices of the slices that are wanted. Raises InputError."""
        every = np.arange(grid.size[2])
        if not self.at_level:
            return every
        if not is_transverse(grid):
            raise InputError("The slices do not lie across the body: reorient the image (Enhancement, 'Reorient').")
        middle = np.column_stack([np.tile((np.asarray(grid.size[:2]) - 1) / 2, (len(every), 1)), every])
        distance = np.abs(grid.points(middle)[:, 2] - self.level_mm)
        if distance.min() > grid.spacing[2]:
            heights = grid.points(middle)[[0, -1], 2]
            raise InputError(
                f"The level {self.level_mm:g} mm is not in the image: its slices go from S = {heights.min():.1f} to "
                f"{heights.max():.1f} mm."
            )
        near = distance <= self.slab_mm / 2
        return every[near] if near.any() else every[[int(np.argmin(distance))]]

    def _figures(self, tissues: "dict[str, _Areas]", where: slice, slices: int) -> list[Measurement]:
        found: list[tuple[Figure, float, dict[str, object]]] = []
        areas = {name: float(tissue.cm2[where].mean()) for name, tissue in tissues.items()}
        fat: dict[str, object] = {"from_HU": FAT_HU[0], "to_HU": FAT_HU[1]}
        muscle: dict[str, object] = {"from_HU": MUSCLE_HU[0], "to_HU": MUSCLE_HU[1]}
        if "subcutaneous" in areas:
            found.append((FAT_UNDER_SKIN, areas["subcutaneous"], fat))
        if "visceral" in areas:
            found.append((VISCERAL_FAT, areas["visceral"], fat))
        if {"subcutaneous", "visceral"} <= set(areas):
            under = areas["subcutaneous"]
            found.append((RATIO, areas["visceral"] / under if under else math.nan, fat))
        if "muscle" in areas:
            found.append((MUSCLE, areas["muscle"], muscle))
            if self.height_m:
                found.append((INDEX, areas["muscle"] / self.height_m**2, {**muscle, "height_m": self.height_m}))
            found.append((DENSITY, tissues["muscle"].mean_hu(where), muscle))
        return [figure.measured(value, 1, "HU", **defined, slices=slices) for figure, value, defined in found]


class _Areas:
    """Of a label's voxels within limits of HU in each slice: the area (cm2), their number and the sum of their HU.

    share: of all its voxels those within the limits.
    """

    def __init__(
        self, values: np.ndarray, labels: np.ndarray, label: int, limits: tuple[float, float], grid: Geometry
    ) -> None:
        # slice by slice: the whole at once would take several times the memory of the image
        self.label, total = label, 0
        self.counts, self.sums = np.zeros(len(values)), np.zeros(len(values))
        for index, (plane, numbers) in enumerate(zip(values, labels, strict=True)):
            inside = plane[numbers == label].astype(np.float64)
            total += inside.size
            inside = inside[(inside >= limits[0] - 0.5) & (inside < limits[1] + 0.5)]
            self.counts[index], self.sums[index] = inside.size, inside.sum()
        self.share = float(self.counts.sum()) / total if total else 1.0
        self.cm2 = self.counts * grid.spacing[0] * grid.spacing[1] / 100

    def mean_hu(self, where: slice) -> float:
        count = self.counts[where].sum()
        return float(self.sums[where].sum() / count) if count else math.nan


def _position(grid: Geometry, plane: int) -> Measurement:
    normal = np.reshape(grid.direction, (3, 3))[:, 2]
    place = float(normal @ grid.points(np.array([[0, 0, plane]]))[0])
    return SLICE_POSITION.measured(place, 1, normal=[float(x) for x in normal])
