"""The plug-in for Slicer's Segment Statistics, in a stand-in that calls it as that module does (tried with 5.12)."""

import sys
import types
from typing import ClassVar

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import turned_grid

from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.scene import segment_statistics_plugin as plugin_module
from MedProcLib.scene.measurement_input import measured_rows
from MedProcLib.scene.segment_statistics_plugin import CLASS, register_segment_statistics_plugin
from MedProcLib.scene.segmentations import SegmentInfo, add_segments, segmentation_from_labels
from MedProcLib.scene.volumes import volume_from_image

GRID = turned_grid((20, 20, 12), (1.0, 1.2, 2.0))


class PluginBase:
    """What the real base class offers and asks for."""

    @staticmethod
    def createCodedEntry(codeValue, codingScheme, codeMeaning, returnAsString=False):
        entry = slicer.vtkCodedEntry()
        entry.SetValueSchemeMeaning(codeValue, codingScheme, codeMeaning)
        return entry.GetAsString() if returnAsString else entry

    @staticmethod
    def createMeasurementInfo(
        name,
        title,
        description,
        units,
        quantityDicomCode=None,
        unitsDicomCode=None,
        measurementMethodDicomCode=None,
        derivationDicomCode=None,
        componentNames=None,
    ):
        codes = {
            "Quantity": quantityDicomCode,
            "Units": unitsDicomCode,
            "MeasurementMethod": measurementMethodDicomCode,
        }
        codes["Derivation"] = derivationDicomCode
        info = {"name": name, "title": title, "description": description, "units": units}
        return info | {f"DICOM.{kind}Code": code for kind, code in codes.items() if code}

    def __init__(self):
        self.name, self.title, self.keys, self.defaultKeys, self.parameterNode = "", "", [], [], None

    def getParameterNode(self):
        return self.parameterNode

    def getRequestedKeys(self):
        return self.defaultKeys if self.requested is None else self.requested

    requested = None


@pytest.fixture
def logic(monkeypatch):
    """SegmentStatisticsLogic, which keeps the classes of plug-ins."""

    class SegmentStatisticsLogic:
        registeredPlugins: ClassVar[list] = []

        @staticmethod
        def registerPlugin(plugin):
            assert isinstance(plugin, PluginBase) and not any("." in key for key in plugin.keys)
            SegmentStatisticsLogic.registeredPlugins.append(plugin.__class__)

    modules = {
        "SegmentStatistics": {"SegmentStatisticsLogic": SegmentStatisticsLogic},
        "SegmentStatisticsPlugins": {"SegmentStatisticsPluginBase": PluginBase},
    }
    for name, content in modules.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return SegmentStatisticsLogic


@pytest.fixture
def plugin(logic, scene):
    """(plug-in with its parameters, image, labels)."""
    assert register_segment_statistics_plugin() and register_segment_statistics_plugin()
    assert [each.__name__ for each in logic.registeredPlugins] == [CLASS]
    values = GRID.image_of(np.random.default_rng(2).normal(50, 5, GRID.size[::-1]).astype(np.float32))
    array = np.zeros(GRID.size[::-1], np.uint8)
    array[2:7, 3:9, 4:12] = 1
    labels = GRID.image_of(array)
    volume = volume_from_image(values, "V")
    segmentation = segmentation_from_labels(labels, {1: SegmentInfo("A", id="A")}, "S", volume)
    made = logic.registeredPlugins[0]()
    node = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    node.SetParameter("Segmentation", segmentation.GetID())
    node.SetParameter("ScalarVolume", volume.GetID())
    made.parameterNode = node
    return made, values, labels


def test_figures_are_those_of_measure(plugin):
    made, values, labels = plugin
    (row,) = measure(values, labels, settings=Measure(components=False))
    found = made.computeStatistics("A")
    assert set(found) <= set(made.defaultKeys) and "peak_uptake" not in found  # the values are no SUV
    for name in ("long_diameter", "short_diameter", "mesh_volume"):
        assert found[name] == pytest.approx(row.value(name))
    made.requested = ["mean", "entropy"]
    assert set(made.computeStatistics("A")) == {"mean", "entropy"}
    made.requested = ["long_diameter", "long_diameter_low", "long_diameter_high", "maximum_3d_diameter"]
    found = made.computeStatistics("A")
    assert found["long_diameter_low"] < found["long_diameter"] < found["long_diameter_high"]
    assert found["maximum_3d_diameter"] > found["long_diameter"]


def test_all_segments_are_measured_at_once_and_anew_when_one_changes(plugin, monkeypatch):
    made, values, labels = plugin
    segmentation = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    other = GRID.image_of(np.roll(sitk.GetArrayFromImage(labels), 6, axis=2))
    add_segments(segmentation, other, {1: SegmentInfo("B", id="B")})
    times = []
    monkeypatch.setattr(plugin_module, "measured_rows", lambda *given: times.append(1) or measured_rows(*given))
    made.requested = ["mean", "long_diameter"]
    for segment_id, mask in (("A", labels), ("B", other)):
        (row,) = measure(values, mask, settings=Measure(components=False))
        assert made.computeStatistics(segment_id)["mean"] == pytest.approx(row.value("mean"))
    assert len(times) == 1
    grown = sitk.GetArrayFromImage(other)
    grown[0:2] = 1
    volume = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
    slicer.util.updateSegmentBinaryLabelmapFromArray(grown, segmentation, "B", volume)
    (row,) = measure(values, GRID.image_of(grown), settings=Measure(components=False))
    assert made.computeStatistics("B")["mean"] == pytest.approx(row.value("mean")) and len(times) == 2


def test_what_each_column_says(plugin):
    made, _values, _labels = plugin
    for key in made.keys:
        info = made.getMeasurementInfo(key)
        assert info["name"] and info["title"] and info["description"] and info["DICOM.QuantityCode"], key
    info = made.getMeasurementInfo("long_diameter")
    assert (info["units"], info["title"]) == ("mm", "Long diameter")
    assert "103339001" in info["DICOM.QuantityCode"] and "CodeValue:mm" in info["DICOM.UnitsCode"]
    assert made.getMeasurementInfo("peak_uptake")["title"] == "SUVpeak"
    assert made.getMeasurementInfo("nothing") is None


def test_without_a_volume_or_a_segment_there_is_nothing(plugin):
    made, _values, _labels = plugin
    assert made.computeStatistics("none") == {}
    made.parameterNode.SetParameter("ScalarVolume", "")
    assert made.computeStatistics("A") == {}
    assert made.getMeasurementInfo("mean")["units"] == ""


def test_without_the_module_nothing_is_registered(monkeypatch):
    monkeypatch.setitem(sys.modules, "SegmentStatistics", None)
    assert not register_segment_statistics_plugin()
