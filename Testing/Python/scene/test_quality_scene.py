"""Image quality before and after in the scene: a table of figures and a chart of histograms."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.image_quality import compare_quality
from MedProcLib.quantification.quality_table import quality_rows
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.plots import show_chart
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.quality_scene import add_quality_comparison, add_quality_table
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.volumes import volume_from_image


@pytest.fixture
def images():
    """A disk of 100 in air of 0 with noise of 8, and its 3 x 3 median."""
    y, x = np.mgrid[:80, :80]
    clean = np.where(np.hypot(x - 40, y - 40) < 30, 100.0, 0.0) * np.ones((12, 1, 1))
    before = sitk.GetImageFromArray((clean + np.random.default_rng(0).normal(0, 8, clean.shape)).astype(np.float32))
    before.SetSpacing((0.9, 0.9, 3.0))
    return before, sitk.Median(before, (1, 1, 0))


@pytest.fixture
def compared(scene, images):
    volumes = [volume_from_image(image, name) for image, name in zip(images, ("FLAIR", "FLAIR median"), strict=True)]
    comparison = compare_quality(*images)
    return comparison, *volumes, *add_quality_comparison(comparison, *volumes)


def counts(scene):
    kinds = ("vtkMRMLTableNode", "vtkMRMLPlotChartNode", "vtkMRMLPlotSeriesNode")
    return [scene.GetNumberOfNodesByClass(kind) for kind in kinds]


def test_the_table_has_the_figures(compared):
    comparison, _before, _after, table, _chart = compared
    assert table.GetName() == "FLAIR median quality"
    rows = {row["figure"]: row for row in rows_of_table(table)}
    assert list(rows)[:3] == ["Mean", "Noise", "SNR"] and len(rows) == 15
    old, new = ({m.name: m.value for m in side} for side in (comparison.before, comparison.after))
    noise = rows["Noise"]
    assert noise["before"] == old["noise"] == pytest.approx(8, rel=0.06) and noise["after"] == new["noise"]
    assert noise["change"] == new["noise"] - old["noise"] < -3
    assert noise["change_percent"] == pytest.approx(100 * noise["change"] / noise["before"])
    assert (noise["better"], noise["missing"]) == ("lower", "") and "standard deviation" in noise["definition"]
    assert (rows["Edge spread"]["unit"], rows["PSNR"]["unit"], rows["SNR"]["unit"]) == ("mm", "dB", "")
    assert math.isnan(rows["SSIM"]["before"]) and 0 < rows["SSIM"]["after"] < 1
    assert rows["SSIM"]["better"] == ""
    assert "foreground" in table.GetDescription()
    assert provenance_of(table).inputs == {"before": "FLAIR", "after": "FLAIR median"}


def test_the_chart_has_both_histograms_over_the_same_bins(compared):
    comparison, before, after, _table, chart = compared
    names = [chart.GetNthPlotSeriesNode(n).GetName() for n in range(chart.GetNumberOfPlotSeriesNodes())]
    assert names == ["before: FLAIR", "after: FLAIR median"]
    assert (chart.GetXAxisTitle(), chart.GetYAxisTitle()) == ("intensity", "share of voxels [%]")
    tables = [rows_of_table(chart.GetNthPlotSeriesNode(n).GetTableNode()) for n in range(2)]
    values, shares = (
        np.array([[row[key] for row in rows] for rows in tables]) for key in ("intensity", "share of voxels")
    )
    assert np.array_equal(values[0], values[1])
    assert np.allclose(shares, [comparison.histograms.before, comparison.histograms.after])
    assert shares[1].max() > 1.3 * shares[0].max()  # the denoised peak is narrower
    for node in (_table, chart):
        assert node.GetNodeReference("MedProc.QualityBefore") is before
        assert node.GetNodeReference("MedProc.QualityAfter") is after


def test_a_repeated_comparison_replaces_the_first(scene, compared):
    comparison, before, after, _table, _chart = compared
    first = counts(scene)
    assert first == [3, 1, 2]
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLTableNode")]
    add_quality_comparison(comparison, before, after)
    assert counts(scene) == first
    assert [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLTableNode")] == names
    assert slicer.util.getNodesByClass("vtkMRMLPlotChartNode")[0].GetName() == "Histogram of FLAIR median"
    add_quality_comparison(comparison, after, before)
    assert counts(scene) == [6, 2, 4]


def test_a_volume_that_is_gone_is_said_and_nothing_is_added(scene, compared):
    comparison, before, after, _table, _chart = compared
    scene.RemoveNode(before)
    known = counts(scene)
    with pytest.raises(InputError, match="'FLAIR' was removed"):
        add_quality_comparison(comparison, before, after)
    assert counts(scene) == known


def test_figures_without_a_value_say_why(scene, images):
    flat = sitk.Image(images[0]) * 0
    rows = quality_rows(compare_quality(flat, images[1]).after, compare_quality(flat, images[1]).before)
    shown = {row["figure"]: row for row in rows_of_table(add_quality_table(rows, "T"))}
    assert math.isnan(shown["SNR"]["before"]) and shown["SNR"]["missing"] == "before: no noise could be measured"


def test_showing_the_chart_activates_it(scene, compared):
    chart = compared[-1]
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode") or scene.AddNewNodeByClass("vtkMRMLLayoutNode")
    layout.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
    show_chart(chart)
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    assert selection.GetActivePlotChartID() == chart.GetID()
    with_plot = (
        slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView,
        slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalPlotView,
    )
    assert layout.GetViewArrangement() in with_plot


def test_table_and_chart_survive_a_saved_scene(scene, compared, tmp_path):
    figures = rows_of_table(compared[3])
    save_bundle(scene, tmp_path / "quality.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "quality.mrb")
    table = slicer.util.getNode("FLAIR median quality")
    loaded = rows_of_table(table)
    assert [row["figure"] for row in loaded] == [row["figure"] for row in figures]
    assert [row["definition"] for row in loaded] == [row["definition"] for row in figures]
    values = [[row["after"] for row in rows] for rows in (loaded, figures)]
    assert np.allclose(*values, rtol=1e-5, equal_nan=True)
    assert table.GetNodeReference("MedProc.QualityAfter").GetName() == "FLAIR median"
    chart = slicer.util.getNode("Histogram of FLAIR median")
    assert chart.GetNthPlotSeriesNode(1).GetTableNode().GetNumberOfRows() == 128
