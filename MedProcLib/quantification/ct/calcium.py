"""Coronary calcium in CT: Agatston, volume and mass score."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.hounsfield import AGATSTON_WEIGHTS
from ...core.measurement import Code, Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..figure import Figure
from ..region import joined, segments_of, surroundings
from ..row import Row
from ..volume import as_volume
from .calcium_volume import interpolated_volume
from .in_hounsfield import require_hounsfield

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
        values = as_volume(image)
        require_hounsfield(values)
        numbers, segments = segments_of(as_volume(labels))
        if not segments:
            raise InputError("The segmentation is empty: segment the coronary arteries, or the heart, first.")
        rows: list[Row] = []
        total = _Score()
        for segment, share in zip(segments, progress.parts(*[1.0] * len(segments)), strict=True):
            share(0.0, f"Scoring segment {segment.value}")
            # a slice more on either side, to interpolate to
            region = surroundings(joined(segment.regions(numbers)), values.shape, (1, 0, 0))
            inside = region.mask & (values[region.box] >= self.threshold_HU)
            score, planes = self._score(values[region.box], inside, image.GetSpacing())
            total = total.plus(score)
            name = f"Segment {segment.value}"
            rows.append(Row(segment.value, name, None, self._figures(score, image)))
            if self.slices:
                rows += [
                    Row(segment.value, name, None, self._figures(plane, image), slice=region.start[0] + index)
                    for index, plane in planes.items()
                ]
        agatston, *others = self._figures(total, image)
        category = next(name for least, name in CATEGORIES if agatston.value >= least)
        graded = replace(agatston, parameters={**agatston.parameters, "category": category})
        rows.append(Row(0, ALL, None, (graded, *others)))
        return rows

    def _score(self, values: np.ndarray, inside: np.ndarray, spacing) -> "tuple[_Score, dict[int, _Score]]":
        """Of a box (z, y, x): its score, and that of each slice with calcium by index in the box."""
        pixel = spacing[0] * spacing[1]
        lesions = np.zeros_like(inside)
        planes: dict[int, _Score] = {}
        for index in np.flatnonzero(inside.any(axis=(1, 2))):
            numbered, count = ndimage.label(inside[index], CORNERS)
            areas = np.bincount(numbered.ravel())[1:] * pixel
            peaks = np.atleast_1d(ndimage.maximum(values[index], numbered, np.arange(1, count + 1)))
            kept = areas >= self.smallest_mm2 * (1 - 1e-9)
            if kept.any():
                lesions[index] = np.append(False, kept)[numbered]
                weighted = sum(area * _weight(peak) for area, peak in zip(areas[kept], peaks[kept], strict=True))
                planes[int(index)] = _score_of(values[index : index + 1], lesions[index : index + 1], spacing, weighted)
        score = _score_of(values, lesions, spacing, sum(plane.weighted_mm2 for plane in planes.values()))
        return replace(score, interpolated_mm3=interpolated_volume(values, lesions, self.threshold_HU, spacing)), planes

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

    weighted_mm2: float = 0.0
    volume_mm3: float = 0.0
    interpolated_mm3: float | None = 0.0
    hu_mm3: float = 0.0
    lesions: int = 0
    peak: float = np.nan

    def plus(self, other: "_Score") -> "_Score":
        return _Score(
            self.weighted_mm2 + other.weighted_mm2,
            self.volume_mm3 + other.volume_mm3,
            (self.interpolated_mm3 or 0.0) + (other.interpolated_mm3 or 0.0),
            self.hu_mm3 + other.hu_mm3,
            self.lesions + other.lesions,
            float(np.fmax(self.peak, other.peak)),
        )


def _score_of(values: np.ndarray, lesions: np.ndarray, spacing, weighted_mm2: float) -> _Score:
    inside = values[lesions].astype(np.float64)
    voxel = float(np.prod(spacing))
    return _Score(
        float(weighted_mm2),
        inside.size * voxel,
        None,
        float(inside.sum()) * voxel,
        ndimage.label(lesions, np.ones((3, 3, 3)))[1],
        float(inside.max()) if inside.size else np.nan,
    )


def _weight(peak: float) -> int:
    """Of a lesion by its peak; one above a threshold of less than 130 HU counts as the faintest."""
    return next((weight for least, weight in AGATSTON_WEIGHTS if peak >= least), AGATSTON_WEIGHTS[-1][1])
