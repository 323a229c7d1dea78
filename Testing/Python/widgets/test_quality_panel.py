"""Image quality before and after, clicked through in the host."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.image_quality import compare_quality
from MedProcLib.quantification.quality_regions import find_regions

WIDTH = 380  # of Slicer's module panel


@pytest.fixture
def images(data):
    """A real FLAIR, every second voxel of all axes, and its median."""
    flair = sitk.ReadImage(str(data / "ms_patient01" / "study1_FLAIR.nii.gz"), sitk.sitkFloat32)
    before = sitk.Shrink(flair, (2, 2, 2))
    return before, sitk.Median(before, (1, 1, 0))


@pytest.fixture
def chosen(scene, images):
    """What the panel is given: nodes and a mask that a test may change."""
    from MedProcLib.scene.volumes import volume_from_image

    names = ("before", "after")
    nodes = {name: volume_from_image(image, name) for name, image in zip(names, images, strict=True)}
    return {**nodes, "mask": None}


@pytest.fixture
def panel(scene, chosen):
    from MedProcLib.scene.region_input import region_source
    from MedProcLib.widgets.quality_panel import QualityPanel

    made = QualityPanel(lambda: chosen["before"], lambda: chosen["after"], lambda: region_source(chosen["mask"]))
    made.widget.setFixedWidth(WIDTH)
    made.widget.show()
    yield made
    made.close()


@pytest.fixture
def compare(panel):
    from host import wait_until

    def run():
        panel.run.button.click()
        assert wait_until(lambda: not panel.run.running, 60)
        return panel.run.message

    return run


def cells(panel, column):
    table = panel.table_widget
    return {table.item(row, 0).text(): table.item(row, column).text() for row in range(table.rowCount)}


def test_what_is_missing_is_said(panel, chosen):
    assert panel.run.button.enabled and panel.run.message == ""
    after, chosen["after"] = chosen["after"], None
    panel.changed()
    assert not panel.run.button.enabled and "apply the steps first" in panel.run.message
    chosen["before"] = None
    panel.changed()
    assert panel.run.message == "Choose the volume that is enhanced."
    chosen["before"] = chosen["after"] = after
    panel.changed()
    assert panel.run.message == "Before and after are the same volume."
    assert not panel.table_widget.visible


def test_figures_table_and_plot(scene, panel, chosen, images, compare):
    import slicer

    from MedProcLib.scene.tables import rows_of_table

    assert compare() == "15 figures in 'after quality'."
    expected = compare_quality(*images)
    noise = {m.name: m.value for m in expected.before}["noise"], {m.name: m.value for m in expected.after}["noise"]
    assert cells(panel, 1)["Noise"] == f"{noise[0]:.1f}"
    assert cells(panel, 3)["Noise"] == f"{100 * (noise[1] / noise[0] - 1):+.0f} %"
    assert cells(panel, 1)["SSIM"] == "" and 0.5 < float(cells(panel, 2)["SSIM"]) < 1
    assert "Edge spread [mm]" in cells(panel, 1) and "PSNR [dB]" in cells(panel, 1)
    rows = {row["figure"]: row for row in rows_of_table(panel.table_node)}
    assert rows["Noise"]["after"] == pytest.approx(noise[1], rel=1e-6)
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActivePlotChartID() == panel.chart_node.GetID()
    tables = scene.GetNumberOfNodesByClass("vtkMRMLTableNode")
    compare()
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == tables


def test_a_click_tells_what_a_figure_means(panel, compare):
    compare()
    assert "Region: foreground of every image (Otsu)" in panel.meaning_label.text
    row = list(cells(panel, 0)).index("CJV")
    panel.table_widget.setCurrentCell(row, 0)
    assert panel.meaning_label.text.startswith("CJV: coefficient of joint variation")
    assert panel.meaning_label.text.endswith("Lower is better.")
    panel.table_widget.setCurrentCell(list(cells(panel, 0)).index("SSIM"), 0)
    assert "compared with the one before" in panel.meaning_label.text
    assert "better" not in panel.meaning_label.text


def test_only_the_mask_counts(panel, chosen, images, compare):
    inside = np.zeros(tuple(reversed(images[0].GetSize())), np.uint8)
    inside[5:13, 40:120, 40:120] = 1
    from MedProcLib.scene.volumes import volume_from_image

    mask = Geometry.of(images[0]).image_of(inside)
    chosen["mask"] = volume_from_image(mask, "Inside", labels=True)
    compare()
    expected = compare_quality(*images, find_regions(images, mask))
    mean = next(m.value for m in expected.before if m.name == "mean")
    assert cells(panel, 1)["Mean"] == f"{mean:.1f}"
    assert "Region: mask" in panel.meaning_label.text


def test_figures_without_a_value_are_dashes_with_a_reason(panel, chosen, images, compare):
    from MedProcLib.scene.volumes import update_volume

    update_volume(chosen["after"], images[0] * 0)
    compare()
    assert cells(panel, 2)["SNR"] == "–" and cells(panel, 1)["SNR"] not in ("", "–")
    row = list(cells(panel, 0)).index("SNR")
    assert "No value: after: no noise could be measured." in panel.table_widget.item(row, 0).toolTip()


def test_another_grid_is_explained_and_nothing_is_added(scene, panel, chosen, images, compare):
    from MedProcLib.scene.volumes import update_volume

    update_volume(chosen["after"], sitk.Shrink(images[1], (2, 1, 1)))
    count = scene.GetNumberOfNodes()
    assert "resample one onto the other first" in compare()
    assert scene.GetNumberOfNodes() == count and not panel.table_widget.visible


def test_a_volume_removed_meanwhile_is_said(scene, panel, chosen):
    from host import wait_until

    panel.run.button.click()
    scene.RemoveNode(chosen["after"])
    assert wait_until(lambda: not panel.run.running, 60)
    assert "'after' was removed" in panel.run.message
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0


def test_cancel_and_clear(scene, panel, compare):
    panel.run.button.click()
    panel.run.button.click()
    from host import wait_until

    assert wait_until(lambda: not panel.run.running, 5)
    assert "Cancelled" in panel.run.message and scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
    compare()
    panel.clear()
    assert not panel.table_widget.visible and not panel.meaning_label.visible and panel.table_node is None


def test_everything_fits_the_panel(panel, compare):
    compare()
    panel.widget.adjustSize()
    table = panel.table_widget
    assert table.horizontalHeader().length() <= table.viewport().width
    rows = sum(table.rowHeight(row) for row in range(table.rowCount))
    assert rows <= table.viewport().height
    assert panel.meaning_label.y >= table.y + table.height
