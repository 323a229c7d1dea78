"""A DICOM report of what was measured in the scene: the volume's files, the segments' terms, the reader's lines."""

import highdicom as hd
import numpy as np
import pydicom
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.scene.headless import start_headless_scene
from MedProcLib.segmentation.structures import structure


@pytest.fixture
def scene():
    """An empty scene."""
    scene = start_headless_scene().scene
    scene.Clear(0)
    yield scene
    scene.Clear(0)


@pytest.fixture
def table(scene, series, monkeypatch):
    """A table measured on a series that Slicer's DICOM database knows."""
    import slicer

    from MedProcLib.core.recipe import Recipe
    from MedProcLib.quantification.measure import Measure
    from MedProcLib.scene.measurement_input import measured_rows, measurement_input
    from MedProcLib.scene.measurement_scene import add_measurements
    from MedProcLib.scene.segmentations import SegmentInfo, segmentation_from_labels
    from MedProcLib.scene.terminology import entry_of
    from MedProcLib.scene.volumes import volume_from_image

    source = series(np.random.default_rng(0).integers(0, 99, (6, 20, 24)))
    by_uid = {pydicom.dcmread(file).SOPInstanceUID: str(file) for file in source.files}

    class Database:
        def fileForInstance(self, uid):
            return by_uid.get(uid, "")

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    volume = volume_from_image(source.image, "CT")
    volume.SetAttribute("DICOM.instanceUIDs", " ".join(by_uid))
    labels = np.zeros((6, 20, 24), np.uint8)
    labels[1:4, 3:9, 4:12] = 1
    info = SegmentInfo("Left kidney", (1, 0, 0), "kidney", entry_of(structure("kidney_left")))
    segmentation = segmentation_from_labels(source.geometry.image_of(labels), {1: info}, "Seg", volume)
    settings = Measure(components=False, intensity=False)
    given = measurement_input(segmentation, volume)
    rows = measured_rows(given, settings)
    return add_measurements(rows, given, Recipe.of(settings), segmentation, volume, lines=True).table


def test_a_report_of_the_readers_figures(table, tmp_path):
    from MedProcLib.scene.diameter_lines import LineWatch, lines_of
    from MedProcLib.scene.measurement_export import export_of

    watch = LineWatch(lambda: "Ann Reader", lambda: None)
    watch.start(table)
    line = lines_of(table)[0]
    ends = np.array([line.GetNthControlPointPositionWorld(index) for index in range(2)])
    line.SetNthControlPointPositionWorld(1, ends[0] + 0.8 * (ends[1] - ends[0]))
    watch.stop()
    report, seg = export_of(table, dicom=True).write_dicom(tmp_path / "r.dcm", "Ann Reader")
    content = hd.sr.srread(report).content
    (group,) = content.get_volumetric_roi_measurement_groups()
    assert group.finding_type.meaning == "Kidney" and group.finding_sites[0].laterality.meaning == "Left"
    shortened = 0.8 * np.linalg.norm(ends[0] - ends[1])
    values = {m.name.meaning: m.value for m in group.get_measurements()}
    assert values["Long Axis"] == pytest.approx(shortened, rel=1e-5)
    (lines,) = content.get_image_measurement_groups()
    (drawn,) = lines.get_measurements()[0].referenced_coordinates
    length = np.linalg.norm(np.diff(np.asarray(drawn.value), axis=0)[0] * (0.75, 1.25))
    assert length == pytest.approx(shortened, rel=1e-5)
    assert hd.seg.segread(seg).get_segment_description(1).SegmentLabel == "Left kidney"


def test_files_that_are_gone_are_told(table, tmp_path, series):
    import slicer

    from MedProcLib.scene.measurement_export import export_of

    volume = slicer.util.getNode("CT")
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    with pytest.raises(InputError, match="was not loaded from DICOM"):
        export_of(table, dicom=True)


def test_files_of_a_volume_read_by_its_storage_node(scene, series):
    import slicer

    from MedProcLib.scene.dicom_files import dicom_files_of

    source = series(np.zeros((3, 20, 24)))
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "V")
    storage = scene.AddNode(slicer.vtkMRMLVolumeArchetypeStorageNode())
    storage.SetFileName(str(source.files[0]))
    for file in source.files[1:]:
        storage.AddFileName(str(file))
    volume.SetAndObserveStorageNodeID(storage.GetID())
    assert sorted(dicom_files_of(volume)) == source.files
    storage.ResetFileNameList()
    storage.SetFileName(__file__)
    with pytest.raises(InputError, match="was not loaded from DICOM"):
        dicom_files_of(volume)
