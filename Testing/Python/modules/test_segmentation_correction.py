"""MedProc Segmentation: findings corrected in the Segment Editor, on images that are known."""

import numpy as np
import pytest
from three_spots import statuses


def paint(node, segment_id, volume, box):
    """As the reader's brush does it."""
    import slicer

    mask = slicer.util.arrayFromSegmentBinaryLabelmap(node, segment_id, volume)
    mask[box] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment_id, volume)


def test_a_correction_is_noted_and_measured(spots):
    import host
    import slicer

    from MedProcLib.scene.provenance import provenance_of

    widget = spots
    volume, proposals = slicer.util.getNode("Spots"), slicer.util.getNode("Spots bright outliers")
    widget.findings.select(1)
    widget.ui.editorButton.collapsed = False
    editor = widget.correction.editor.editor
    assert editor.segmentationNode() is proposals and editor.sourceVolumeNode() is volume
    assert editor.currentSegmentID() == "Segment_2"
    assert editor.mrmlSegmentEditorNode().GetSingletonTag() == "MedProcSegmentEditor"
    widget.findings.select(2)
    assert editor.currentSegmentID() == "Segment_3"
    paint(proposals, "Segment_3", volume, (slice(2, 4), slice(2, 4), slice(22, 24)))
    assert host.wait_until(lambda: statuses(widget)[2] == "edited", 5)
    paint(proposals, "Segment_3", volume, (slice(2, 4), slice(4, 6), slice(20, 24)))
    widget.ui.editorButton.collapsed = True
    row = widget.resultRows()[2]
    assert row["volume_mm3"] == pytest.approx(32) and row["reader"] == "A. Reader"
    edits = [edit for edit in provenance_of(proposals).edits if "edited" in edit]
    assert len(edits) == 1 and edits[0].startswith("Finding 3 edited by A. Reader on ")
    accepted = slicer.util.getNode("Spots accepted findings").GetSegmentation()
    assert accepted.GetNthSegment(0).GetName() == "Finding 3 (edited)"
    assert statuses(widget) == ["proposed", "proposed", "edited"] and editor.segmentationNode() is None


@pytest.mark.parametrize("in_a_batch", [False, True], ids=["closed", "closed to load another one"])
def test_a_scene_that_closes_takes_the_brush_away(spots, in_a_batch):
    import slicer

    spots.findings.select(1)
    spots.ui.editorButton.collapsed = False
    editor = spots.correction.editor.editor
    editor.setActiveEffectByName("Paint")
    if in_a_batch:
        slicer.mrmlScene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    slicer.mrmlScene.Clear(0)
    if in_a_batch:
        slicer.mrmlScene.EndState(slicer.vtkMRMLScene.BatchProcessState)
    assert editor.activeEffect() is None and editor.mrmlSegmentEditorNode() is None


def test_an_editor_that_rests_takes_up_no_segmentation(spots):
    import slicer

    from MedProcLib.scene.commit import commit

    spots.ui.editorButton.collapsed = False
    editor = spots.correction.editor.editor
    assert editor._shortcuts
    spots.ui.editorButton.collapsed = True
    assert not editor._shortcuts
    other = slicer.util.addVolumeFromArray(np.zeros((4, 4, 4), np.float32), name="Another patient's")
    slicer.util.setSliceViewerLayers(background=other)
    with commit():  # as an import, or a result
        slicer.util.addVolumeFromArray(np.ones((4, 4, 4), np.float32), name="Loaded later")
    assert editor.segmentationNode() is None
    shown = [c.GetBackgroundVolumeID() for c in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")]
    assert set(shown) == {other.GetID()}
    spots.findings.select(0)
    spots.ui.editorButton.collapsed = False  # and goes on when it is wanted
    assert editor.segmentationNode() is slicer.util.getNode("Spots bright outliers")


def test_deciding_while_the_editor_is_open_is_no_edit(spots):
    import slicer

    widget = spots
    widget.findings.select(0)
    widget.findings.accept()
    widget.ui.editorButton.collapsed = False
    widget.ui.editBox.currentIndex = 1
    assert widget.correction.editor.node is slicer.util.getNode("Spots accepted findings")
    widget.findings.select(1)
    widget.findings.accept()
    widget.ui.editorButton.collapsed = True
    assert statuses(widget) == ["accepted", "accepted", "proposed"]
