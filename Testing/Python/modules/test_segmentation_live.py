"""MedProc Segmentation: painted seeds followed live to the result, and objects as small as a voxel."""

import numpy as np
import pytest

from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation

NAME = "MedProcSegmentation"
SHAPE = (40, 36, 32)


def volume_of(values, name="CT"):
    import slicer

    return slicer.util.addVolumeFromArray(values.astype(np.float32), name=name)


def use(widget, *operations):
    widget.chain.set_recipe(Recipe.of(*[create_operation(*each) for each in operations]))
    widget.onChainEdited()
    widget.parameters.region = "Whole image"


class Painter:
    """A segmentation that is painted as the Segment Editor does."""

    def __init__(self, volume, shape=SHAPE):
        import slicer

        self.volume = volume
        self.node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Painted")
        self.node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        self.masks, self.shape = {}, shape

    def paint(self, name, place, color=None):
        import slicer

        content = self.node.GetSegmentation()
        if content.GetSegment(name) is None:
            content.AddEmptySegment(name, name)
        if color is not None:
            content.GetSegment(name).SetColor(color)
        mask = self.masks.setdefault(name, np.zeros(self.shape, np.uint8))
        mask[place] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, self.node, name, self.volume)


def labels_of(node, volume):
    import SimpleITK as sitk

    from MedProcLib.scene.segmentations import labels_of_segmentation

    labels, segments = labels_of_segmentation(node, volume, later_wins=True)
    return sitk.GetArrayFromImage(labels), [(info.name, info.color) for info in segments.values()]


def test_strokes_are_followed_to_what_apply_gives(panel, finish, scene):
    import slicer
    from host import wait_until

    values = np.random.default_rng(0).normal(100, 8, SHAPE)
    values[8:30, 6:20, 6:20] += 60
    volume = volume_of(values)
    widget = panel(NAME)
    use(widget, ("segmentation.grow_from_seeds", {"reach_mm": 0, "background_seed": 2}))
    painter = Painter(volume)
    painter.paint("Organ", (18, slice(10, 12), 12), (1.0, 0.0, 0.0))
    painter.paint("Around", (18, 30, slice(4, 28)), (0.0, 1.0, 0.0))
    widget.keepNodes("seeds", [painter.node])
    widget.refresh()
    widget.preview.switch.checked = True
    for stroke in ((25, slice(14, 17), 12), (10, 8, slice(8, 11))):
        assert wait_until(lambda: widget.preview.live.idle, 20)
        painter.paint("Organ", stroke)
    assert wait_until(lambda: widget.preview.live.idle, 20)
    assert "one segment" in widget.preview.status_label.text
    shown = labels_of(slicer.util.getNode("Segmentation preview"), volume)
    widget.run.button.click()
    assert finish(widget) == "One finding in 'CT grow from seeds'."
    made = labels_of(slicer.util.getNode("CT grow from seeds"), volume)
    np.testing.assert_array_equal(shown[0], made[0])
    assert shown[1] == made[1] == [("Organ", (1.0, 0.0, 0.0))]
    block = np.zeros(SHAPE, bool)
    block[8:30, 6:20, 6:20] = True
    assert 2 * np.count_nonzero(block & (made[0] == 1)) / (block.sum() + np.count_nonzero(made[0])) > 0.95


def test_a_threshold_outside_the_image_is_said_before_and_on_apply(panel, finish, content):
    from host import wait_until

    volume_of(np.random.default_rng(0).normal(100, 8, SHAPE))
    widget = panel(NAME)
    use(widget, ("segmentation.threshold", {"lower": 5000.0}))
    before = content()
    widget.preview.switch.checked = True
    assert wait_until(lambda: "outside the range of the image" in widget.preview.status_label.text, 20)
    assert content() == before
    widget.run.button.click()
    assert "outside the range of the image" in finish(widget)
    assert content() == before


@pytest.mark.parametrize("grouping", ["One for each finding", "All findings in one"])
def test_single_voxels_at_the_borders_are_findings_like_others(panel, finish, scene, grouping):
    import slicer

    values = np.zeros(SHAPE)
    places = [(0, 0, 0), (39, 35, 31), (20, 0, 15), (20, 18, 16)]
    for number, place in enumerate(places):
        values[place] = 100 + number
    volume = volume_of(values, "Dots")
    widget = panel(NAME)
    use(widget, ("segmentation.threshold", {"lower": 50.0}), ("segmentation.components",))
    widget.parameters.grouping = grouping
    widget.run.button.click()
    assert finish(widget) == "4 findings in 'Dots threshold'."
    rows = widget.resultRows()
    assert [row["volume_mm3"] for row in rows] == [1, 1, 1, 1]
    # RAS of the array's (z, y, x) is (x, y, z): left and back are its negatives
    centers = [(row["center_s_mm"], -row["center_p_mm"], -row["center_l_mm"]) for row in rows]
    np.testing.assert_allclose(sorted(centers), sorted(places))
    content = slicer.util.getNode("Dots threshold").GetSegmentation()
    assert all(
        content.GetNthSegment(n).GetRepresentation("Closed surface").GetNumberOfPoints() > 3
        for n in range(content.GetNumberOfSegments())
    )
    for index in range(4):
        widget.logic.decide(widget.resultTable(), index, "accepted", "A. Reader")
    accepted = labels_of(slicer.util.getNode("Dots accepted findings"), volume)[0]
    assert sorted(map(tuple, np.argwhere(accepted).tolist())) == sorted(places)


def test_the_slices_in_view_follow_a_stroke_first(panel, scene):
    import slicer
    from host import wait_until

    shape = (64, 64, 64)
    values = np.random.default_rng(0).normal(100, 8, shape)
    values[16:48, 16:48, 16:48] += 60
    volume = volume_of(values)
    widget = panel(NAME)
    # smoothed afterwards, as the preset has it
    use(widget, ("segmentation.grow_from_seeds", {"reach_mm": 0, "background_seed": 2}), ("segmentation.smooth",))
    painter = Painter(volume, shape)
    painter.paint("Organ", (32, slice(30, 34), 32))
    painter.paint("Around", (32, 6, slice(4, 60)))
    widget.keepNodes("seeds", [painter.node])
    widget.refresh()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    widget.preview.switch.checked = True
    assert wait_until(lambda: widget.preview.live.idle and widget.preview.status_label.text, 20)
    painter.paint("Organ", (32, 32, slice(50, 54)))
    assert wait_until(lambda: "the rest follows" in widget.preview.status_label.text, 20)
    shown = {node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")}
    assert {f"Segmentation preview {view}" for view in ("Red", "Yellow", "Green")} <= shown
    assert wait_until(lambda: widget.preview.live.idle, 20)
    assert "whole volume: one segment" in widget.preview.status_label.text
