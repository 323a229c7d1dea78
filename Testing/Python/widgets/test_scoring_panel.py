"""The scoring section: what is missing, the figures of each segment, and their notes."""

import numpy as np
import pytest
import SimpleITK as sitk


class Stage:
    """Two segmentation nodes, the test one voxel larger on one side, and the panel on them."""

    def __init__(self):
        import slicer

        from MedProcLib.scene.segmentations import SegmentInfo, labels_of_segmentation, segmentation_from_labels
        from MedProcLib.scene.volumes import volume_from_image
        from MedProcLib.segmentation.scoring.score import Score, score
        from MedProcLib.widgets.scoring_panel import ScoringPanel

        first, second = np.zeros((20, 30, 30), np.uint8), np.zeros((20, 30, 30), np.uint8)
        first[5:15, 5:15, 5:15], second[5:15, 5:15, 5:16] = 1, 1
        first[2:4, 20:24, 20:24], second[2:4, 20:24, 20:24] = 2, 2
        infos = {1: SegmentInfo("Liver"), 2: SegmentInfo("Nodule")}
        volume = volume_from_image(sitk.GetImageFromArray(first.astype(np.float32)), "CT")
        self.nodes = [
            segmentation_from_labels(sitk.GetImageFromArray(values), infos, name, volume)
            for values, name in ((first, "Truth"), (second, "Mine"))
        ]
        self.asked = []

        def prepare(reference, test, tolerance):
            self.asked.append((reference.GetName(), test.GetName(), tolerance))
            maps = [labels_of_segmentation(node, volume)[0] for node in (reference, test)]
            names = {1: "Liver", 2: "Nodule"}
            return (
                lambda progress: score(*maps, Score(tolerance_mm=tolerance), names=names, progress=progress),
                lambda scores: f"Scored {len(scores.rows)} segments.",
            )

        self.panel = ScoringPanel(prepare)
        self.panel.set_scene(slicer.mrmlScene)


@pytest.fixture
def stage(scene):
    stage = Stage()
    yield stage
    stage.panel.close()


def test_what_is_missing_is_said(stage):
    panel = stage.panel
    panel.reference_box.setCurrentNode(None)
    assert panel.run.message == "Choose the reference and the segmentation to score."
    panel.reference_box.setCurrentNode(stage.nodes[0])
    panel.test_box.setCurrentNode(stage.nodes[0])
    assert panel.run.message == "Reference and test are the same segmentation." and not panel.run.button.enabled


def test_figures_of_each_segment_and_their_mean(stage):
    from host import wait_until

    panel = stage.panel
    panel.reference_box.setCurrentNode(stage.nodes[0])
    panel.test_box.setCurrentNode(stage.nodes[1])
    panel.tolerance.value = 0.5
    panel.run.button.click()
    assert wait_until(lambda: not panel.run.running, 60)
    assert panel.run.message == "Scored 2 segments." and stage.asked == [("Truth", "Mine", 0.5)]
    table = panel.table_widget
    assert [table.item(row, 0).text() for row in range(3)] == ["Liver", "Nodule", "mean"]
    assert float(table.item(0, 1).text()) == pytest.approx(2000 / 2100, abs=1e-3)
    assert float(table.item(1, 1).text()) == 1 and float(table.item(0, 3).text()) == pytest.approx(1)
    assert float(table.item(0, 4).text()) == pytest.approx(100)
    assert "sensitivity: 1" in table.item(0, 0).toolTip()
    panel.clear()
    assert table.rowCount == 0


def test_figures_are_not_shown_beside_other_segmentations(stage):
    from host import wait_until

    panel = stage.panel
    panel.reference_box.setCurrentNode(stage.nodes[0])
    panel.test_box.setCurrentNode(stage.nodes[1])
    panel.run.button.click()
    assert wait_until(lambda: not panel.run.running)
    assert panel.table_widget.rowCount == 3
    panel.changed()
    assert panel.table_widget.rowCount == 3
    panel.test_box.setCurrentNode(None)
    assert panel.table_widget.rowCount == 0 and not panel.table_widget.visible
