"""MedProc's figures as columns of Slicer's own Segment Statistics module."""

import logging
from typing import Any

import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.core.measurement import Measurement
from MedProcLib.core.registry import create_operation
from MedProcLib.core.units import SQUARED
from MedProcLib.quantification.ct.lung_density import LUNG_FIGURES
from MedProcLib.quantification.figure import Figure
from MedProcLib.quantification.figures import (
    DIAMETER_FIGURES,
    DISTRIBUTION_FIGURES,
    INTENSITY_FIGURES,
    PLACE_FIGURES,
    ROBUST_FIGURES,
    SIZE_FIGURES,
)
from MedProcLib.quantification.interval_figures import INTERVAL_FIGURES
from MedProcLib.quantification.pet.uptake import UPTAKE_FIGURES
from MedProcLib.quantification.shape.figures import SHAPE_FIGURES
from MedProcLib.report.dicom_sr.concepts import concept_of
from MedProcLib.scene.hierarchy import modality_of_volume
from MedProcLib.scene.measurement_input import measured_rows, measurement_input
from MedProcLib.scene.region_input import made_at
from MedProcLib.scene.slice_preview import content_key
from MedProcLib.scene.value_unit import stated_unit_of, unit_of_values

NAME = "MedProc"
CLASS = "MedProcSegmentStatisticsPlugin"  # Slicer keeps the choices of columns under this name
# Groups of figures by the setting that has them measured.
GROUPS: dict[str, tuple[Figure, ...]] = {
    "size": (*SIZE_FIGURES, *PLACE_FIGURES),
    "diameters": DIAMETER_FIGURES,
    "shape": tuple(shape.figure for shape in SHAPE_FIGURES),
    "intensity": INTENSITY_FIGURES,
    "robust": ROBUST_FIGURES,
    "distribution": DISTRIBUTION_FIGURES,
    "intervals": INTERVAL_FIGURES,
    "pet": UPTAKE_FIGURES,
    "lung": LUNG_FIGURES,
}
NEEDS = {"pet": "SUV", "lung": "HU"}  # unit of the values
# What Segment Statistics has not; the rest is there to be checked.
DEFAULT_GROUPS = ("diameters", "pet")
DEFAULTS = ("mesh_volume", "surface_area", "p25", "p75", "interquartile_range")


def register_segment_statistics_plugin() -> bool:
    """Register the plug-in with Segment Statistics, once; False where that module is not there."""
    try:
        from SegmentStatistics import SegmentStatisticsLogic
        from SegmentStatisticsPlugins import SegmentStatisticsPluginBase
    except ImportError:
        return False
    if not any(known.__name__ == CLASS for known in SegmentStatisticsLogic.registeredPlugins):
        SegmentStatisticsLogic.registerPlugin(plugin_class(SegmentStatisticsPluginBase)())
    return True


def plugin_class(base: Any) -> type:
    """The plug-in as a subclass of Slicer's SegmentStatisticsPluginBase."""

    def __init__(self: Any) -> None:
        base.__init__(self)
        self.name = NAME
        self.title = NAME
        self.keys = [figure.name for figures in GROUPS.values() for figure in figures]
        self.defaultKeys = [
            key for key in self.keys if key in DEFAULTS or any(key in _names(group) for group in DEFAULT_GROUPS)
        ]

    def computeStatistics(self: Any, segmentID: str) -> dict[str, float]:
        node = self.getParameterNode()
        segmentation, volume = (slicer.mrmlScene.GetNodeByID(node.GetParameter(p) or "") for p in PARAMETERS)
        if segmentation is None or volume is None:
            return {}
        return _figures(segmentation, volume, segmentID, self.getRequestedKeys())

    def getMeasurementInfo(self: Any, key: str) -> dict[str, Any] | None:
        if key not in self.keys:
            return None
        node = self.getParameterNode()
        volume = slicer.mrmlScene.GetNodeByID(node.GetParameter(PARAMETERS[1]) or "") if node is not None else None
        return _info(self, key, volume)

    methods = {each.__name__: each for each in (__init__, computeStatistics, getMeasurementInfo)}
    return type(CLASS, (base,), {"__doc__": "Figures of MedProc.", **methods})


PARAMETERS = ("Segmentation", "ScalarVolume")  # of Segment Statistics' parameter node


def _names(group: str) -> list[str]:
    return [figure.name for figure in GROUPS[group]]


def _figures(segmentation, volume, segment_id: str, keys: list[str]) -> dict[str, float]:
    """Those figures of a segment. The module asks for one segment after the other: all are measured when it asks for
    the first, since each for itself would have the whole volume read."""
    unit = unit_of_values(volume)
    wanted = {group: any(key in _names(group) for key in keys) and NEEDS.get(group, unit) == unit for group in GROUPS}
    try:
        ids = tuple(segmentation.GetSegmentation().GetSegmentIDs())
        key = (segmentation.GetID(), ids, made_at(segmentation), content_key(volume), unit, tuple(wanted.items()))
        if _measured.get("key") != key:
            given = measurement_input(segmentation, volume)
            settings = {"components": False, "intensity_unit": unit, **wanted}
            rows = measured_rows(given, create_operation("quantification.measure", settings))
            _measured.update(key=key, rows={given.segments.segments[row.segment].id: row for row in rows})
    except InputError as error:
        logging.warning("MedProc figures of '%s': %s", segment_id, error)
        return {}
    row = _measured["rows"].get(segment_id)
    return {m.name: m.value for m in row.measurements if m.name in keys and m.value == m.value} if row else {}


_measured: dict[str, Any] = {}  # the last figures: rows by segment id, and the key of what they are of


def _info(plugin: Any, key: str, volume) -> dict[str, Any]:
    figure = next(f for figures in GROUPS.values() for f in figures if f.name == key)
    unit = unit_of_values(volume) if volume is not None else "intensity"
    unit = (figure.unit, unit, SQUARED.get(unit, ""))[figure.power]
    of_volume = (modality_of_volume(volume), stated_unit_of(volume)) if volume is not None else ("", "")
    said = concept_of(Measurement(key, 0.0, unit, figure.code), *of_volume)

    def entry(code) -> str | None:
        return plugin.createCodedEntry(code.value, code.scheme, code.meaning, True) if code is not None else None

    return plugin.createMeasurementInfo(
        name=key.replace("_", " ").capitalize(),
        title=_title(figure),
        description=figure.meaning,
        units=unit if unit != "intensity" else "",
        quantityDicomCode=entry(said.name),
        unitsDicomCode=entry(said.unit),
        measurementMethodDicomCode=entry(said.method),
        derivationDicomCode=entry(said.derivation),
    )


def _title(figure: Figure) -> str:
    """The figure's usual short name, where its meaning begins with one: 'SUVpeak: ...'."""
    short, colon, _rest = figure.meaning.partition(":")
    return short if colon and len(short.split()) == 1 else figure.name.replace("_", " ").capitalize()
