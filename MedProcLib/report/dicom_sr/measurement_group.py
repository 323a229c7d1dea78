"""A row of measurements as a measurement group (PS3.16 TID 1411 of a volume, TID 1410 of a single image)."""

import json
import math
from typing import Any

import numpy as np

from ... import __version__
from ...core.measurement import Code, Measurement
from ...core.structure import Structure
from ...quantification.row import Row
from ..interval import LOW, interval_of, without_intervals
from .concepts import concept_of
from .segmentation_object import MANUFACTURER, concept
from .source_series import SourceSeries

ALGORITHM = "quantification.measure"
# Figures that are drawn as a line of the row.
LINES = {"long_diameter": "long_axis", "short_diameter": "short_axis"}
LONGEST_TEXT = 1024
SIDES = ("24028007", "7771000", "51440002")  # right, left, both sides


def measurement_group(
    row: Row, title: str, structure: Structure, uid: str, region: Any, source: SourceSeries, session: str | None = None
) -> Any:
    """highdicom's group of a row.

    region: a highdicom ReferencedSegment, or a ReferencedSegmentationFrame for a single image; uid: tracks the object.
    """
    import highdicom as hd

    planar = isinstance(region, hd.sr.ReferencedSegmentationFrame)
    kind = (
        hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations
        if planar
        else hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations
    )
    return kind(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=uid, identifier=title),
        referenced_segment=region,
        finding_type=optional(structure.type or structure.category),
        finding_category=optional(structure.category),
        finding_sites=_sites(structure),
        algorithm_id=_algorithm({}),
        session=session,
        measurements=[_measurement(m, row, source) for m in _said(row, source)],
    )


def _said(row: Row, source: SourceSeries) -> list[Measurement]:
    """The measurements that have a value, each once: SUVmax is the maximum. Ends of intervals go with theirs."""
    finite = [m for m in without_intervals(row.measurements) if math.isfinite(m.value)]
    named = {(*concept_of(m, source.modality, source.stated).key, f"{m.value:.12g}"): m for m in reversed(finite)}
    return list(named.values())[::-1]


def line_group(row: Row, title: str, structure: Structure, uid: str, source: SourceSeries) -> Any | None:
    """A group of the row's diameters with the lines they were measured along (TID 1501); None without lines.

    TID 1411 has no room for coordinates; the same tracking UID tells that it is the same object.
    """
    import highdicom as hd

    drawn = [m for m in row.measurements if m.name in LINES and math.isfinite(m.value)]
    lines = [(m, _line(m, row, source)) for m in drawn]
    measurements = [_measurement(m, row, source, coordinates) for m, coordinates in lines if coordinates]
    if not measurements:
        return None
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=uid, identifier=title),
        finding_type=optional(structure.type or structure.category),
        finding_sites=_sites(structure),
        measurements=measurements,
    )


def optional(code: Code | None) -> Any:
    """highdicom's form of a code, None where there is none."""
    return None if code is None else concept(code)


def _sites(structure: Structure) -> list[Any] | None:
    """Where it is: the stated region, or the structure itself when it is one of anatomy."""
    import highdicom as hd

    anatomical = structure.category is not None and structure.category.value == "123037004"
    place = structure.region or (structure.type if anatomical else None)
    if place is None:
        return None
    side = structure.modifier if structure.modifier is not None and structure.modifier.value in SIDES else None
    return [hd.sr.FindingSite(concept(place), laterality=optional(side))]


def _measurement(measurement: Measurement, row: Row, source: SourceSeries, coordinates: list[Any] | None = None) -> Any:
    import highdicom as hd

    said = concept_of(measurement, source.modality, source.stated)
    interval = _uncertainty(measurement, row, concept(said.unit))
    parameters = {**measurement.parameters, **(_interval_parameters(measurement, row) if interval else {})}
    return hd.sr.Measurement(
        name=concept(said.name),
        value=float(measurement.value),
        unit=concept(said.unit),
        derivation=optional(said.derivation),
        method=optional(said.method),
        algorithm_id=_algorithm(parameters) if parameters else None,
        properties=interval,
        referenced_coordinates=coordinates,
    )


def _algorithm(parameters: dict[str, object]) -> Any:
    import highdicom as hd

    texts = [
        f"{name} = {value if isinstance(value, str) else json.dumps(value, default=str)}"
        for name, value in parameters.items()
    ]
    return hd.sr.AlgorithmIdentification(
        name=f"{MANUFACTURER} {ALGORITHM}",
        version=__version__,
        parameters=[text[:LONGEST_TEXT] for text in texts] or None,
    )


def _uncertainty(measurement: Measurement, row: Row, unit: Any) -> Any:
    """The 95 % interval of a measurement that has one, as its distances from the value, in its unit."""
    import highdicom as hd

    low, high = interval_of(measurement, row.measurements)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    properties = hd.sr.MeasurementProperties(
        upper_measurement_uncertainty=max(high - measurement.value, 0.0),
        lower_measurement_uncertainty=max(measurement.value - low, 0.0),
    )
    for distance in properties:  # highdicom makes them plain numbers
        distance.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [unit]
    return properties


def _interval_parameters(measurement: Measurement, row: Row) -> dict[str, object]:
    """How sure the interval is and by what, which its ends tell."""
    low = next(other for other in row.measurements if other.name == measurement.name + LOW)
    return dict(low.parameters)


def _line(measurement: Measurement, row: Row, source: SourceSeries) -> list[Any] | None:
    """The line that a diameter was measured along, on its image: column, row of the image's top left corner are 0."""
    import highdicom as hd

    ends = np.array(getattr(row, LINES[measurement.name]), float)
    if ends.shape[1] == 2:  # of a single image that has no position
        ends = np.column_stack([ends, np.full(len(ends), source.geometry.origin[2])])
    indices = source.geometry.indices(ends)
    slice_index = round(float(indices[:, 2].mean()))
    on_slice = np.abs(indices[:, 2] - slice_index).max() < 0.01 and 0 <= slice_index < source.geometry.size[2]
    if not on_slice or np.allclose(indices[0], indices[1]):
        return None
    frame = [source.frame_slices.index(slice_index) + 1] if source.is_multi_frame else None
    header = source.headers[0 if len(source.headers) == 1 else slice_index]
    image = hd.sr.SourceImageForRegion(header.SOPClassUID, header.SOPInstanceUID, frame)
    return [hd.sr.CoordinatesForMeasurement(hd.sr.GraphicTypeValues.POLYLINE, indices[:, :2] + 0.5, image)]
