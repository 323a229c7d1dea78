"""What the module tests share: a real image, small enough for quick runs, two segments, waiting for a run to end."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # clicks.py, three_spots.py, three_studies.py


@pytest.fixture
def load(scene, data):
    """load("study1_FLAIR", factor) loads a study of Testing/Data, shrunk by a factor for speed."""
    import SimpleITK as sitk

    from MedProcLib.scene.volumes import volume_from_image

    def load_study(name, factor=2):
        image = sitk.ReadImage(str(data / "ms_patient01" / f"{name}.nii.gz"), sitk.sitkFloat32)
        return volume_from_image(sitk.BinShrink(image, [factor, factor, 1]), name)

    return load_study


@pytest.fixture
def finish(scene):
    """finish(widget) waits for a running task and returns the line below the button."""
    from host import wait_until

    def finish_run(widget, timeout_s=120):
        assert wait_until(lambda: not widget.run.running, timeout_s), "the run does not end"
        return widget.run.message

    return finish_run


@pytest.fixture
def content(scene):
    """content() is the scene's nodes with what they hold; equal before and after means that nothing was changed."""

    def read():
        nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
        kept = [node for node in nodes if not node.IsA("vtkMRMLScriptedModuleNode")]
        volumes = [node for node in kept if node.IsA("vtkMRMLVolumeNode") and node.GetImageData()]
        times = {node.GetID(): node.GetImageData().GetMTime() for node in volumes}
        return [(node.GetID(), node.GetName()) for node in kept], times

    return read


@pytest.fixture
def spots(panel, finish, scene):
    """The panel of Segmentation after a run that found three blocks of 64, 27 and 8 mm3, with a reader."""
    from three_spots import found

    return found(panel, finish)


@pytest.fixture
def compared(panel, finish, scene):
    """The panel after comparing the studies of a patient of the subject hierarchy, with a reader."""
    import slicer
    from three_studies import BLOCKS, DATES

    from MedProcLib.scene.hierarchy import add_patient, add_study, place_under

    patient = add_patient(scene, "Doe")
    widget = panel("MedProcComparison", 350)
    for number, (date, blocks) in enumerate(zip(DATES, BLOCKS, strict=True)):
        values = np.random.default_rng(number).normal(100, 5, (30, 40, 50)).astype(np.float32)
        mask = np.zeros(values.shape, np.uint8)
        for z, y, x, side in blocks:
            mask[z : z + side, y : y + side, x : x + side] = 1
        study = add_study(scene, patient, f"Study {number}", date)
        for name in ("FLAIR", "T1"):
            volume = slicer.util.addVolumeFromArray(values + 100 * mask, name=f"{name} {number}")
            place_under(volume, study)
            if name == "FLAIR":
                segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"Outlines {number}")
                segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
                segment = segmentation.GetSegmentation().AddEmptySegment("Findings")
                slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segment, volume)
    widget.timePoints.changed()
    widget.timePoints.patient_box.currentIndex = 1
    assert [(p.volume.GetName(), p.date) for p in widget.chosenTimePoints()] == [
        (f"FLAIR {n}", date.isoformat()) for n, date in enumerate(DATES)
    ]
    assert [[image.GetName() for image in p.images] for p in widget.chosenTimePoints()] == [
        ["T1 0"],
        ["T1 1"],
        ["T1 2"],
    ]
    for number in range(3):
        widget.timePoints.select(number)
        widget.timePoints.segmentation_box.setCurrentNode(slicer.util.getNode(f"Outlines {number}"))
    widget.parameters.steps = "As set below"
    for step in widget.chain.steps:  # the studies lie in one place and are outlined: only the matching is left to do
        if step.declaration.name != "comparison.match_findings":
            step.enabled_box.click()
    widget.run.button.click()
    assert finish(widget) == "Last study against the first: 1 grown, 1 gone, 1 new."
    widget.tracks.reader_edit.text = "A. Reader"
    widget.tracks.reader_edit.textEdited.emit("A. Reader")
    return widget


@pytest.fixture
def block(scene):
    """block(modality) gives a volume of 24 x 20 x 12 voxels and a segmentation 'Seg' of 'Two' (two parts) and 'One'."""
    from MedProcLib.core.geometry import Geometry
    from MedProcLib.scene.hierarchy import hierarchy_of
    from MedProcLib.scene.segmentations import SegmentInfo, segmentation_from_labels
    from MedProcLib.scene.volumes import volume_from_image

    def make(modality="MR"):
        import slicer

        grid = Geometry((24, 20, 12), (1.0, 1.0, 2.0), (0, 0, 0), (1.0, 0, 0, 0, 1, 0, 0, 0, 1))
        values = np.random.default_rng(0).normal(100, 10, (12, 20, 24)).astype(np.float32)
        labels = np.zeros((12, 20, 24), np.uint8)
        labels[2:5, 3:8, 4:10] = 1
        labels[8, 15:17, 3:5] = 1
        labels[6:8, 4:7, 16:19] = 2
        volume = volume_from_image(grid.image_of(values), "Image")
        hierarchy = hierarchy_of(scene)
        attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
        hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(volume), attribute, modality)
        names = {1: SegmentInfo("Two", (1, 0, 0)), 2: SegmentInfo("One", (0, 0, 1))}
        return volume, segmentation_from_labels(grid.image_of(labels), names, "Seg", volume)

    return make
