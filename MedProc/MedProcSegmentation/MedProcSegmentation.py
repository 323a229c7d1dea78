"""MedProc Segmentation: bright outliers, such as lesions, inside a brain, a body or a segment."""

import colorsys
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Union

import numpy as np
import SimpleITK as sitk
import slicer
from slicer import (
    vtkMRMLLabelMapVolumeNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
    vtkMRMLTableNode,
)
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

if importlib.util.find_spec("MedProcLib") is None:  # a source checkout: it lies beside MedProc/
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe, Step
from MedProcLib.core.registry import create_operation
from MedProcLib.scene.commit import commit
from MedProcLib.scene.provenance import provenance_of, write_provenance
from MedProcLib.scene.segmentations import SegmentInfo, add_segments, segmentation_from_labels
from MedProcLib.scene.tables import Column, rows_of_table, table_from_columns
from MedProcLib.scene.terminology import LESION
from MedProcLib.scene.views import jump_slices
from MedProcLib.scene.volumes import image_of_volume
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.inputs import propose_volume, require_present
from MedProcLib.widgets.module_widget import ModuleWidget
from MedProcLib.widgets.region_choice import SegmentBox, region_image, segment_ids
from MedProcLib.widgets.results_table import ResultsTable

BRAIN, BODY, SEGMENT, WHOLE = "Brain", "Body", "Segment", "Whole image"
REGION_OPERATIONS = {BRAIN: "segmentation.brain_mask", BODY: "segmentation.body_mask"}
EACH, TOGETHER = "One for each finding", "All findings in one"
MOST_SEGMENTS = 200  # more of them make Slicer slow and tell a reader nothing


class MedProcSegmentation(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        describe_module(
            parent,
            title=_("MedProc Segmentation"),
            summary=_("Find and outline regions that stand out from the tissue around them, such as lesions."),
        )


@parameterNodeWrapper
class MedProcSegmentationParameterNode:
    """outputSegmentation: where the next findings go, None for a new node; resultTable: the list of the last ones."""

    inputVolume: vtkMRMLScalarVolumeNode
    region: Annotated[str, Choice([BRAIN, BODY, SEGMENT, WHOLE])] = BRAIN
    mask: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007 - Slicer knows no A | B
    maskSegment: str = ""
    recipe: str = ""
    outputSegmentation: vtkMRMLSegmentationNode
    grouping: Annotated[str, Choice([EACH, TOGETHER])] = EACH
    resultTable: vtkMRMLTableNode


class MedProcSegmentationWidget(ModuleWidget):
    run_tip = _("Find and outline regions that stand out; the input volume is not modified")

    def makeLogic(self):
        return MedProcSegmentationLogic()

    def connectPanel(self):
        self.maskSegments = SegmentBox(self.ui.maskSegmentBox, self.onMaskSegment)
        self.ui.maskSelector.connect("nodeActivated(vtkMRMLNode*)", lambda node: self.onMaskSegment(""))
        self.results = ResultsTable(self.ui.resultsTable, self.onResultSelected)

    def proposeInputs(self):
        self.parameters.inputVolume = self.parameters.inputVolume or propose_volume()

    def refresh(self):
        self.maskSegments.show(self.parameters.mask, self.parameters.maskSegment)
        for widget in (self.ui.maskLabel, self.ui.maskSelector, self.ui.maskSegmentLabel, self.ui.maskSegmentBox):
            widget.visible = self.parameters.region == SEGMENT
        self.results.show(
            [_("Finding"), _("Volume\n[mm³]"), _("Center R, A, S\n[mm]")],
            [
                [row["finding"], row["volume_mm3"], "{:.1f}, {:.1f}, {:.1f}".format(*_ras(_center(row)))]
                for row in self.resultRows()
            ],
        )

    def missing(self):
        parameters = self.parameters
        if parameters.inputVolume is None:
            return _("Choose an input volume (load one first, if there is none).")
        if parameters.region == SEGMENT and parameters.mask is None:
            return _("Choose the mask to search in, or search in the brain, the body or the whole image.")
        if self.parameters.maskSegment not in segment_ids(self.parameters.mask):
            return _("Choose a segment of the mask: the one chosen before is not there.")
        return "" if self.recipe().enabled_steps else _("Switch on at least one step.")

    def prepare(self):
        parameters = self.parameters
        task = self.logic.prepare(
            parameters.inputVolume,
            self.recipe(),
            parameters.region,
            parameters.mask,
            parameters.maskSegment,
            parameters.outputSegmentation,
            parameters.grouping,
        )

        def commitResult(findings):
            if not findings.rows:
                parameters.resultTable = None
                return _("Nothing was found with these settings, so nothing was added.")
            segmentation, parameters.resultTable = self.logic.commit(task, findings)
            return _("{count} findings in '{name}'.").format(count=len(findings.rows), name=segmentation.GetName())

        return task.compute, commitResult

    def resultRows(self):
        table = self.parameters.resultTable
        return rows_of_table(table) if table is not None else []

    def onResultSelected(self, index):
        jump_slices(slicer.mrmlScene, _center(self.resultRows()[index]))

    def onMaskSegment(self, segmentId):
        self.parameters.maskSegment = segmentId


@dataclass(frozen=True)
class Findings:
    """labels: label map, a value for each finding; rows: finding (its value), volume_mm3, center (LPS, mm)."""

    labels: sitk.Image
    rows: list[dict[str, float]]


@dataclass(frozen=True)
class SegmentationTask:
    """All that a run needs; compute() touches no node, so it may run in a worker thread."""

    volume: Any
    output: Any
    grouping: str
    image: sitk.Image
    mask: sitk.Image | None
    recipe: Recipe
    inputs: dict[str, str]

    def compute(self, progress: Progress = SILENT) -> Findings:
        labels = self.recipe.run(progress, image=self.image, mask=self.mask)["labels"]
        findings = Findings(labels, _rows(labels))
        if self.grouping == EACH and len(findings.rows) > MOST_SEGMENTS:
            raise InputError(
                f"{len(findings.rows)} findings are too many for a segment each: raise the thresholds or the smallest "
                f"volume, or choose '{TOGETHER}'."
            )
        return findings


class MedProcSegmentationLogic(ScriptedLoadableModuleLogic):
    """Find lesions from the Python console:

    logic = MedProcSegmentationLogic()
    segmentation, table = logic.process(slicer.util.getNode("FLAIR"))
    segmentation, table = logic.process(volume, region="Segment", mask=brain, maskSegment="Segment_1")
    """

    def getParameterNode(self):
        return MedProcSegmentationParameterNode(super().getParameterNode())

    def defaultRecipe(self) -> Recipe:
        """Bright outliers, clean-up by size."""
        return Recipe(
            (
                Step(create_operation("segmentation.bright_outliers")),
                Step(create_operation("segmentation.remove_small"), enabled=False),
            )
        )

    def process(
        self, volume, recipe=None, region=BRAIN, mask=None, maskSegment="", output=None, grouping=EACH, progress=SILENT
    ):
        """Find regions in a volume node; returns the segmentation node and the table node, (None, None) for nothing.

        region: 'Brain', 'Body', 'Segment' (of `mask`, a segmentation or label map node; maskSegment: the segment's
        id, '' for all) or 'Whole image'; output: segmentation node to add to, otherwise a new one; grouping: 'One for
        each finding' or 'All findings in one'. Raises InputError, Cancelled; then the scene is as it was.
        """
        task = self.prepare(volume, recipe or self.defaultRecipe(), region, mask, maskSegment, output, grouping)
        findings = task.compute(progress)
        return self.commit(task, findings) if findings.rows else (None, None)

    def prepare(
        self, volume, recipe, region=BRAIN, mask=None, maskSegment="", output=None, grouping=EACH
    ) -> SegmentationTask:
        """Read the nodes (main thread). Raises InputError."""
        if region == SEGMENT and mask is None:
            raise InputError("No mask to search in: choose one, or another region.")
        image = image_of_volume(volume)
        inputs = {"image": volume.GetName()}
        selected = None
        if region == SEGMENT:
            selected = region_image(mask, maskSegment, volume)
            inputs["mask"] = mask.GetName()
        if region in REGION_OPERATIONS:
            recipe = Recipe((Step(create_operation(REGION_OPERATIONS[region])), *recipe.steps))
        return SegmentationTask(volume, output, grouping, image, selected, recipe, inputs)

    def commit(self, task: SegmentationTask, findings: Findings):
        """Write segments and their list to the scene (main thread); returns the segmentation and the table node."""
        require_present(task.volume, task.output)
        labels, segments = _segments(findings, task.grouping)
        with commit():
            name = task.volume.GetName()
            center = np.array([_center(row) for row in findings.rows])
            columns = [
                Column("finding", [row["finding"] for row in findings.rows]),
                Column("volume_mm3", [row["volume_mm3"] for row in findings.rows], "mm3", "voxel volume"),
                *(Column(f"center_{axis}_mm", list(center[:, n]), "mm", "LPS") for n, axis in enumerate("lps")),
            ]
            table = table_from_columns(columns, f"{name} findings list", like=task.volume)
            segmentation = task.output
            if segmentation is None:
                segmentation = segmentation_from_labels(labels, segments, f"{name} findings", task.volume)
            else:
                add_segments(segmentation, labels, segments)
            for node in (table, segmentation):
                write_provenance(node, Provenance(task.recipe, task.inputs))
        return segmentation, table


def _rows(labels: sitk.Image) -> list[dict[str, float]]:
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.ComputePerimeterOff()
    shapes.Execute(labels)
    return [
        {
            "finding": value,
            "volume_mm3": shapes.GetPhysicalSize(value),
            **dict(zip(("center_l_mm", "center_p_mm", "center_s_mm"), shapes.GetCentroid(value), strict=True)),
        }
        for value in shapes.GetLabels()
    ]


def _center(row: dict[str, float]) -> tuple[float, float, float]:
    return row["center_l_mm"], row["center_p_mm"], row["center_s_mm"]


def _ras(point_lps: tuple[float, float, float]) -> tuple[float, float, float]:
    return -point_lps[0], -point_lps[1], point_lps[2]


def _segments(findings: Findings, grouping: str) -> tuple[sitk.Image, dict[int, SegmentInfo]]:
    if grouping == TOGETHER:
        return findings.labels != 0, {1: SegmentInfo("Findings", _color(0), terminology=LESION)}
    values = [int(row["finding"]) for row in findings.rows]
    return findings.labels, {
        v: SegmentInfo(f"Finding {v}", _color(n), terminology=LESION) for n, v in enumerate(values)
    }


def _color(number: int) -> tuple[float, float, float]:
    """Colors that stay apart however many there are: the hue goes on by the golden ratio."""
    return colorsys.hsv_to_rgb((0.08 + number * 0.618034) % 1.0, 0.75, 0.95)


class MedProcSegmentationTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def makeVolume(self):
        """Noise with two bright blocks of 4 x 4 x 4 and 3 x 3 x 3 voxels of 1 mm."""
        values = np.random.default_rng(2).normal(100, 5, (20, 30, 40)).astype(np.float32)
        values[4:8, 5:9, 6:10] = 200
        values[12:15, 20:23, 30:33] = 200
        return slicer.util.addVolumeFromArray(values, name="Spots")

    def recipe(self):
        """Plain thresholds: the blocks come out to the voxel."""
        settings = {"low": 6, "high": 8, "smoothing_mm": 0, "background_mm": 0}
        return Recipe.of(create_operation("segmentation.bright_outliers", settings))

    def test_two_spots(self):
        volume = self.makeVolume()
        segmentation, table = MedProcSegmentationLogic().process(volume, self.recipe(), region=WHOLE)
        self.assertEqual(segmentation.GetSegmentation().GetNumberOfSegments(), 2)
        rows = rows_of_table(table)
        self.assertEqual([row["volume_mm3"] for row in rows], [64, 27])
        np.testing.assert_allclose(_ras(_center(rows[0])), (7.5, 6.5, 5.5), atol=1e-6)
        self.assertEqual(provenance_of(segmentation).inputs["image"], "Spots")

    def test_segments_that_are_there_stay(self):
        volume = self.makeVolume()
        logic = MedProcSegmentationLogic()
        segmentation, _table = logic.process(volume, self.recipe(), region=WHOLE)
        logic.process(volume, self.recipe(), region=WHOLE, output=segmentation, grouping=TOGETHER)
        names = [segmentation.GetSegmentation().GetNthSegment(n).GetName() for n in range(3)]
        self.assertEqual(names, ["Finding 1", "Finding 2", "Findings"])

    def test_a_mask_limits_the_search(self):
        volume = self.makeVolume()
        mask = np.zeros((20, 30, 40), np.uint8)
        mask[:, :, :20] = 1
        labels = slicer.util.addVolumeFromArray(mask, nodeClassName="vtkMRMLLabelMapVolumeNode")
        _segmentation, table = MedProcSegmentationLogic().process(volume, self.recipe(), region=SEGMENT, mask=labels)
        self.assertEqual([row["volume_mm3"] for row in rows_of_table(table)], [64])
