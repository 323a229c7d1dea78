"""Coronary calcium in CT: Agatston, volume and mass score."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.hounsfield import AGATSTON_WEIGHTS
from ...core.measurement import Code, Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..figure import Figure
from ..region import joined, segments_of, surroundings
from ..row import Row
from ..volume import as_volume
from .calcium_volume import interpolated_volume
from .in_hounsfield import require_hounsfield
from .transverse import is_transverse

REFERENCE_THICKNESS_MM = 3.0
CORNERS = np.ones((3, 3), bool)
ALL = "All segments"
# Hecht et al., CAC-DRS, J Cardiovasc Comput Tomogr 12(3), 2018: category of a patient's whole score
CATEGORIES = ((300.0, "CAC-DRS A3"), (100.0, "CAC-DRS A2"), (1e-9, "CAC-DRS A1"), (0.0, "CAC-DRS A0"))
AGATSTON = Figure(
    "agatston_score",
    "",
    "sum over the lesions of each slice of area (mm2) times weight by peak, times slice distance / 3 mm",
    1,
    Code("SCT", "450360000", "Coronary artery calcium score"),
)
VOLUME = Figure("calcium_volume", "mm3", "volume score: voxels of the lesions times voxel volume, not interpolated")
INTERPOLATED = Figure(
    "calcium_volume_interpolated",
    "mm3",
    "volume score of Callister et al.: where values interpolated between the slices reach the threshold",
    dimensions=(3,),
)
MASS = Figure(
    "calcium_mass", "mg", "mass score: calibration factor times mean HU times volume of the lesions", dimensions=(3,)
)
LESIONS = Figure("calcium_lesions", "", "number of lesions: voxels connected by faces, edges or corners, in 3D")
PEAK = Figure("calcium_peak", "HU", "largest value of the lesions")
CALCIUM_FIGURES = (AGATSTON, VOLUME, INTERPOLATED, MASS, LESIONS, PEAK)


@operation(
    "quantification.calcium_score",
    title="Calcium score (CT)",
    gives="table",
    source="Agatston et al., J Am Coll Cardiol 15(4), 1990; McCollough et al., Coronary artery calcium: a multi-"
    "institutional, multimanufacturer international standard for quantification at cardiac CT, Radiology 243(2), 2007",
    dimensions=(3,),
)
class CalciumScore:
    """Score the calcium of each segment (an artery, or the region that holds them) in transverse slices of a CT.

    A lesion is what is connected in a slice (by sides or corners) at 130 HU or more, and large enough. The standard
    is for 120 kV without contrast, in slices of 3 mm; where their distance differs, the score is scaled to 3 mm.
    A lesion across two segments is one, and each has its part of the area.
    """

    threshold_HU: Annotated[float, Range(50, 2000, "HU"), "calcium is at or above this"] = 130.0
    smallest_mm2: Annotated[float, Range(0, 100, "mm2"), "smaller lesions of a slice are noise"] = 1.0
    calibration: Annotated[
        float,
        Range(0, 100),
        "factor of the mass in mg/cm3 per HU, from a phantom of hydroxyapatite at the same kV (0: no mass)",
    ] = 0.0
    slices: Annotated[bool, "a row for each slice with calcium too"] = False

    def __call__(self, image, labels, progress=SILENT):
        return self.of_maps(image, [labels], progress)

    def of_maps(self, image: sitk.Image, maps: Sequence[sitk.Image], progress: Progress = SILENT) -> list[Row]:
        """Of segments in several label maps, no label in two of them, as they overlap: what lies in several counts for
        each, and once for all together. Raises InputError."""
        values = as_volume(image)
        require_hounsfield(values)
        found = [(numbers, s) for numbers, segments in map(segments_of, map(as_volume, maps)) for s in segments]
        if not found:
            raise InputError("The segmentation is empty: segment the coronary arteries, or the heart, first.")
        if not is_transverse(Geometry.of(image)):
            progress.note("The slices are not transverse: the score is defined in slices across the body.")
        pieces = {segment.value: segment.regions(numbers) for numbers, segment in found}
        # a slice more on either side, to interpolate to
        whole = surroundings(joined([piece for each in pieces.values() for piece in each]), values.shape, (1, 0, 0))
        weights = self._weights(values[whole.box], whole.mask, image.GetSpacing())
        rows: list[Row] = []
        for (value, regions), share in zip(pieces.items(), progress.parts(*[1.0] * len(pieces)), strict=True):
            share(0.0, f"Scoring segment {value}")
            region = surroundings(joined(regions), values.shape, (1, 0, 0))
            box = tuple(slice(b.start - s, b.stop - s) for b, s in zip(region.box, whole.start, strict=True))
            own = np.where(region.mask, weights[box], 0)
            rows.append(self._row(value, f"Segment {value}", values[region.box], own, image))
            if self.slices:
                for plane in np.flatnonzero(own.any(axis=(1, 2))).tolist():
                    here = slice(plane, plane + 1)
                    row = self._row(value, f"Segment {value}", values[region.box][here], own[here], image)
                    rows.append(replace(row, slice=region.start[0] + plane))
        total = self._row(0, ALL, values[whole.box], weights, image)
        agatston, *others = total.measurements
        category = next(name for least, name in CATEGORIES if agatston.value >= least)
        graded = replace(agatston, parameters={**agatston.parameters, "category": category})
        rows.append(replace(total, measurements=(graded, *others)))
        return rows

    def _weights(self, values: np.ndarray, inside: np.ndarray, spacing) -> np.ndarray:
        """Weight (uint8; z, y, x) of each voxel of a lesion, 0 elsewhere. inside: all segments.

        A lesion that lies in two of them, such as where vessels part, is one: neither small nor faint for that.
        """
        weights = np.zeros(values.shape, np.uint8)
        for plane, mask, found in zip(values, inside, weights, strict=True):
            numbered, count = ndimage.label(mask & (plane >= self.threshold_HU) & np.isfinite(plane), CORNERS)
            if count:
                areas = np.bincount(numbered.ravel())[1:] * spacing[0] * spacing[1]
                peaks = np.atleast_1d(ndimage.maximum(plane, numbered, np.arange(1, count + 1)))
                kept = areas >= self.smallest_mm2 * (1 - 1e-9)
                each = [_weight(peak) if keep else 0 for peak, keep in zip(peaks, kept, strict=True)]
                found[:] = np.array([0, *each], np.uint8)[numbered]
        return weights

    def _row(self, value: int, name: str, values: np.ndarray, weights: np.ndarray, image: sitk.Image) -> Row:
        return Row(
            value, name, None, self._figures(_score_of(values, weights, self.threshold_HU, image.GetSpacing()), image)
        )

    def _figures(self, score: "_Score", image: sitk.Image) -> tuple[Measurement, ...]:
        spacing = image.GetSpacing()
        rule = {
            "threshold_HU": self.threshold_HU,
            "smallest_mm2": self.smallest_mm2,
            "connected": "by sides or corners in the slice",
            "slice_distance_mm": spacing[2],
        }
        scale = spacing[2] / REFERENCE_THICKNESS_MM
        found = [
            AGATSTON.measured(score.weighted_mm2 * scale, 1, **rule, scaled_to_mm=REFERENCE_THICKNESS_MM),
            VOLUME.measured(score.volume_mm3, 1, **rule),
        ]
        if score.interpolated_mm3 is not None:
            found.append(INTERPOLATED.measured(score.interpolated_mm3, 1, **rule, interpolation="linear"))
        if self.calibration:
            mass = self.calibration * score.hu_mm3 / 1000
            found.append(MASS.measured(mass, 1, **rule, calibration_mg_cm3_HU=self.calibration))
        return (*found, LESIONS.measured(score.lesions, 1, **rule), PEAK.measured(score.peak, 1, **rule))


@dataclass(frozen=True)
class _Score:
    """weighted_mm2: sum of area times weight; hu_mm3: of HU times volume; peak: NaN without a lesion.

    interpolated_mm3: None of a single slice.
    """

    weighted_mm2: float
    volume_mm3: float
    interpolated_mm3: float | None
    hu_mm3: float
    lesions: int
    peak: float


def _score_of(values: np.ndarray, weights: np.ndarray, threshold: float, spacing) -> _Score:
    lesions = weights > 0
    inside = values[lesions].astype(np.float64)
    voxel = float(np.prod(spacing))
    return _Score(
        float(weights.sum(dtype=np.int64)) * spacing[0] * spacing[1],
        inside.size * voxel,
        interpolated_volume(values, lesions, threshold, spacing) if len(values) > 1 else None,
        float(inside.sum()) * voxel,
        ndimage.label(lesions, np.ones((3, 3, 3)))[1],
        float(inside.max()) if inside.size else np.nan,
    )


def _weight(peak: float) -> int:
    """Of a lesion by its peak; one above a threshold of less than 130 HU counts as the faintest."""
    return next((weight for least, weight in AGATSTON_WEIGHTS if peak >= least), AGATSTON_WEIGHTS[-1][1])
