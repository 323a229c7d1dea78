"""MedProc Segmentation: presets, seeds, boxes, other inputs, and what is wrong with them, clicked through."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation

NAME = "MedProcSegmentation"


@pytest.fixture
def blocks(scene):
    """A volume with two blocks at 200 and 300 in noise around 100."""
    import slicer

    values = np.random.default_rng(0).normal(100, 5, (40, 36, 32)).astype(np.float32)
    values[5:35, 4:14, 4:14], values[5:35, 20:30, 18:28] = 200, 300
    return slicer.util.addVolumeFromArray(values, name="Blocks")


def use(widget, *operations):
    widget.chain.set_recipe(Recipe.of(*[create_operation(*each) for each in operations]))
    widget.onChainEdited()


def add_point(node, i, j, k, label=""):
    """At a voxel of a volume whose IJK to RAS is the identity."""
    node.AddControlPoint(i, j, k, label)


def run(widget, finish):
    assert widget.run.button.enabled, widget.run.message
    widget.run.button.click()
    return finish(widget)


THRESHOLD = ("segmentation.auto_threshold",)
AT_SEEDS = ("segmentation.keep_at_seeds",)


def test_presets_are_grouped_and_the_proposal_is_marked(panel, load):
    from MedProcLib.segmentation.presets.presets import PRESETS

    load("study1_FLAIR")
    widget = panel(NAME)
    box = widget.ui.presetBox
    texts = [box.itemText(n) for n in range(box.count)]
    assert texts[0] == "Custom"
    assert {preset.group for preset in PRESETS} <= set(texts)
    proposed = widget.proposed.proposal.preset
    assert box.currentText == proposed.title and "Proposed for this image" in widget.ui.presetReason.text
    box.currentIndex = texts.index("Custom")
    other = next(n for n, text in enumerate(texts) if text.strip() == "Bones")
    box.currentIndex = other
    assert [box.itemText(n).strip() for n in range(box.count) if "(proposed)" in box.itemText(n)] == [
        f"{proposed.title} (proposed)"
    ]
    group = texts.index(PRESETS[0].group)
    assert texts[group + 1].strip().startswith(PRESETS[0].title)
    said = []
    for name in ("mr_tissues", "mr_white_matter_lesions"):
        box.currentIndex = widget.presetBox.entries.index(next(each for each in PRESETS if each.name == name))
        said.append(widget.ui.presetReason.text)
    assert "is for T1 images." in said[0] and " is for " not in said[1]
    before = widget.recipe()
    box.currentIndex = group
    assert widget.recipe() == before, "a heading is no preset"


def test_a_preset_says_what_to_mark_and_sets_the_region(panel, blocks):
    from MedProcLib.segmentation.presets.presets import PRESETS

    widget = panel(NAME)
    preset = next(each for each in PRESETS if each.seeds)
    widget.parameters.region = "Brain"
    widget.ui.presetBox.currentIndex = widget.presetBox.entries.index(preset)
    assert widget.recipe() == preset.recipe() and widget.parameters.region == "Whole image"
    assert widget.ui.seedsButton.visible and preset.seeds in widget.ui.seedsHint.text
    assert preset.seeds in widget.ui.presetReason.text
    assert not widget.run.button.enabled and "seeds" in widget.run.message


def test_points_are_placed_and_say_what_is_wanted(panel, blocks, finish, scene):
    import slicer

    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, THRESHOLD, AT_SEEDS)
    interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    widget.ui.placeButton.click()
    assert interaction.GetCurrentInteractionMode() == interaction.Place
    selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    node = slicer.util.getNode("Object 1")
    assert selection.GetActivePlaceNodeID() == node.GetID() and widget.ui.placeButton.checked
    add_point(node, 8, 8, 20)
    widget.ui.placeButton.click()
    assert interaction.GetCurrentInteractionMode() != interaction.Place
    assert run(widget, finish).startswith("One finding")
    assert widget.resultRows()[0]["volume_mm3"] == pytest.approx(3000, rel=0.02)
    from MedProcLib.scene.provenance import provenance_of

    assert provenance_of(widget.resultTable()).inputs["seeds"] == "Object 1"


def test_each_list_is_an_object_with_its_name(panel, blocks, finish):
    import slicer

    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, ("segmentation.grow_from_seeds",))
    for name, place in (("Dark", (16, 17, 2)), ("First", (8, 8, 20)), ("Second", (22, 25, 20))):
        widget.ui.newListButton.click()
        node = widget.keptNodes("seeds")[-1]
        node.SetName(name)
        add_point(node, *place)
    widget.ui.placeButton.checked = False
    run(widget, finish)
    content = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode").GetSegmentation()
    assert {content.GetNthSegment(n).GetName() for n in range(content.GetNumberOfSegments())} == {
        "Dark",
        "First",
        "Second",
    }


def test_a_seed_outside_the_image_is_named(panel, blocks, finish, content):
    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, THRESHOLD, AT_SEEDS)
    widget.ui.newListButton.click()
    node = widget.keptNodes("seeds")[0]
    add_point(node, 8, 8, 20, "inside")
    add_point(node, 500, 8, 20, "lost one")
    before = content()
    widget.run.button.click()
    assert "'lost one' of 'Object 1' lies outside the image" in finish(widget)
    assert content() == before


def test_the_preview_follows_a_seed(panel, blocks):
    import host
    import slicer

    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, THRESHOLD, AT_SEEDS)
    widget.preview.switch.checked = True
    assert host.wait_until(lambda: "seeds" in widget.preview.status_label.text)
    widget.ui.newListButton.click()
    node = widget.keptNodes("seeds")[0]
    add_point(node, 8, 8, 20)

    def seen():
        previews = [n for n in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if "preview" in n.GetName()]
        if len(previews) != 1 or previews[0].GetSegmentation().GetNumberOfSegments() != 1:
            return None
        from MedProcLib.scene.segmentations import labels_of_segmentation

        return sitk.GetArrayFromImage(labels_of_segmentation(previews[0], blocks)[0])

    assert host.wait_until(lambda: widget.preview.live.idle and seen() is not None)
    assert seen()[20, 8, 8] and not seen()[20, 25, 22]
    node.SetNthControlPointPosition(0, 22, 25, 20)
    assert host.wait_until(lambda: widget.preview.live.idle and seen() is not None and seen()[20, 25, 22])
    widget.ui.placeButton.checked = False
    host.leave(widget)
    assert seen() is None and not widget.preview.active
    host.enter(widget)


def test_a_box_limits_and_is_followed(panel, blocks, finish, scene):
    widget = panel(NAME)
    use(widget, THRESHOLD)
    widget.ui.regionBox.currentText = "Box"
    assert widget.ui.roiSelector.visible and "Choose the box" in widget.run.message
    box = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Search region")
    box.SetCenter(8.5, 8.5, 20.5)
    box.SetSize(20, 20, 20)
    widget.ui.roiSelector.setCurrentNode(box)
    assert run(widget, finish).startswith("One finding")
    assert widget.resultRows()[0]["volume_mm3"] == pytest.approx(2000, rel=0.02)
    box.SetCenter(500, 0, 0)
    widget.run.button.click()
    assert "lies outside the volume" in finish(widget)


def test_painted_segments_start_a_clean_up(panel, blocks, finish, scene):
    import slicer

    from MedProcLib.scene.coordinates import matrix_of_array

    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, ("segmentation.remove_small", {"minimum_volume_mm3": 100.0}))
    assert widget.ui.startSelector.visible and "start from" in widget.run.message
    mine = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    mine.SetReferenceImageGeometryParameterFromVolumeNode(blocks)
    segment = mine.GetSegmentation().AddEmptySegment("Organ", "Organ")
    mask = np.zeros((40, 36, 32), np.uint8)
    mask[5:15, 5:15, 5:15], mask[30, 30, 30] = 1, 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, mine, segment, blocks)
    widget.ui.startSelector.setCurrentNode(mine)
    run(widget, finish)
    row = widget.resultRows()[0]
    assert (row["name"], row["volume_mm3"]) == ("Organ", 1000)
    np.testing.assert_array_equal(slicer.util.arrayFromSegmentBinaryLabelmap(mine, segment, blocks), mask)
    inner = np.zeros_like(mask)
    inner[8:12, 8:12, 8:12] = 1
    tumor = mine.GetSegmentation().AddEmptySegment("Tumor", "Tumor")
    slicer.util.updateSegmentBinaryLabelmapFromArray(inner, mine, tumor, blocks)
    use(widget, ("segmentation.surface",))
    assert widget.ui.startNumbers.text == "Segments: 1 Organ, 2 Tumor."
    message = run(widget, finish)
    assert "Segments 'Organ' and 'Tumor' of 'Mine' overlap" in message
    assert {row["name"]: row["volume_mm3"] for row in widget.resultRows()} == {"Organ": 1001 - 64, "Tumor": 64}
    assert [scene.GetNodesByName(f"{name} surface").GetNumberOfItems() for name in ("Organ", "Tumor")] == [1, 1]
    other = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Other")
    other.GetSegmentation().DeepCopy(mine.GetSegmentation())
    away = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    away.ApplyTransformMatrix(matrix_of_array(np.array([[1, 0, 0, 500], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])))
    mine.SetAndObserveTransformNodeID(away.GetID())
    assert "'Mine' has no voxel in 'Blocks'" in run(widget, finish)
    use(widget, ("segmentation.majority_vote",))
    widget.keepNodes("raters", [mine, other])
    assert "'Mine' has no voxel in 'Blocks'" in run(widget, finish)


# ---- what is wrong with inputs, and what is not


def test_a_step_that_leaves_nothing_shows_what_was_there_before(panel, blocks, finish, content):
    import slicer

    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, THRESHOLD, ("segmentation.remove_small", {"minimum_volume_mm3": 1e6}))
    before = content()
    message = run(widget, finish)
    assert message.startswith("Step 2 (Keep components by size) left nothing")
    assert content() == before
    assert widget.found.widget.visible and "step 1" in widget.found.button.text
    widget.found.button.click()
    shown = slicer.util.getNode("Segmentation preview")
    assert shown.GetSegmentation().GetNumberOfSegments() == 1
    widget.found.button.click()
    assert content() == before
    widget.found.button.click()
    use(widget, THRESHOLD)
    assert content() == before and not widget.found.widget.visible


def test_an_error_of_a_later_step_offers_what_there_is(panel, blocks, finish, content):
    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, THRESHOLD, ("segmentation.search_inside", {"segment": 7}), THRESHOLD)
    before = content()
    assert run(widget, finish).startswith("Step 2 (Search inside the segments)")
    widget.found.button.click()
    assert len(content()[0]) > len(before[0])
    widget.found.offer(None)
    assert content() == before


def test_steps_without_segments_cannot_run(panel, blocks):
    widget = panel(NAME)
    use(widget, ("enhancement.gaussian",))
    assert not widget.run.button.enabled and "give no segments" in widget.run.message


def test_a_closed_surface_alone_is_a_mask_too(panel, blocks, finish, scene):
    from MedProcLib.scene.segmentations import segmentation_from_labels
    from MedProcLib.scene.volumes import image_of_volume

    values = np.zeros((40, 36, 32), np.uint8)
    values[:, :, :16] = 1
    image = image_of_volume(blocks)
    labels = sitk.GetImageFromArray(values)
    labels.CopyInformation(image)
    mask = segmentation_from_labels(labels, None, "Half")  # without reference geometry
    mask.CreateClosedSurfaceRepresentation()
    mask.GetSegmentation().SetSourceRepresentationName("Closed surface")
    mask.GetSegmentation().RemoveRepresentation("Binary labelmap")
    widget = panel(NAME)
    use(widget, THRESHOLD)
    widget.ui.regionBox.currentText = "Segment"
    widget.ui.maskSelector.setCurrentNode(mask)
    run(widget, finish)
    assert widget.resultRows()[0]["volume_mm3"] == pytest.approx(3000, rel=0.02)


def test_a_mask_elsewhere_is_refused(panel, blocks, finish, content):
    from MedProcLib.core.geometry import Geometry
    from MedProcLib.scene.segmentations import segmentation_from_labels

    far = Geometry((4, 4, 4), (1.0,) * 3, (900.0, 900.0, 900.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    mask = segmentation_from_labels(far.image_of(np.ones((4, 4, 4), np.uint8)), None, "Far")
    widget = panel(NAME)
    use(widget, THRESHOLD)
    widget.ui.regionBox.currentText = "Segment"
    widget.ui.maskSelector.setCurrentNode(mask)
    before = content()
    widget.run.button.click()
    assert "'Far' selects no voxel of 'Blocks'" in finish(widget) and content() == before


def test_a_volume_under_a_nonlinear_transform_is_segmented_where_it_is_seen(panel, blocks, finish, scene):
    from MedProcLib.scene.transforms import transform_node_from

    field = sitk.GetImageFromArray(np.full((20, 20, 20, 3), (0.0, 0.0, 3.0)), isVector=True)
    field.SetSpacing((10, 10, 10))
    field.SetOrigin((-100, -100, -100))
    shift = transform_node_from(sitk.DisplacementFieldTransform(field), "Shift")
    blocks.SetAndObserveTransformNodeID(shift.GetID())
    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, THRESHOLD)
    run(widget, finish)
    assert widget.resultRows()[0]["volume_mm3"] == pytest.approx(6000, rel=0.1)


def test_nodes_deleted_during_the_run(panel, blocks, finish, scene):
    import slicer

    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, THRESHOLD, AT_SEEDS)
    widget.ui.newListButton.click()
    node = widget.keptNodes("seeds")[0]
    add_point(node, 8, 8, 20)
    output = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Out")
    widget.ui.outputSelector.setCurrentNode(output)
    widget.run.button.click()
    scene.RemoveNode(node)  # its seeds were read: the run goes on
    scene.RemoveNode(output)
    assert "was removed" in finish(widget)
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_segments_of_raters_are_combined_by_their_names(panel, blocks, finish, scene):
    import slicer

    from MedProcLib.scene.segmentations import SegmentInfo, segmentation_from_labels
    from MedProcLib.scene.volumes import image_of_volume

    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    use(widget, ("segmentation.staple",))
    assert widget.ui.ratersBox.visible and "at least two" in widget.run.message
    nodes = []
    for number in range(3):
        values = np.zeros((40, 36, 32), np.uint8)
        left, right = (1, 2) if number else (2, 1)  # the first lists them the other way round
        values[5 : 14 + number, 5:15, 5:15], values[5:15, 20:30, 5 : 14 + number] = left, right
        labels = sitk.GetImageFromArray(values)
        labels.CopyInformation(image_of_volume(blocks))
        infos = {left: SegmentInfo("Left"), right: SegmentInfo("Right")}
        nodes.append(segmentation_from_labels(labels, infos, f"Rater {number}", blocks))
    widget.keepNodes("raters", nodes)
    run(widget, finish)
    assert {row["name"]: row["volume_mm3"] for row in widget.resultRows()} == {"Left": 1000, "Right": 1000}
    table = slicer.util.getNode("Blocks STAPLE table")
    cells = [[table.GetCellText(row, column) for column in range(4)] for row in range(table.GetNumberOfRows())]
    assert [row[:2] for row in cells] == [[f"Rater {r}", name] for name in ("Right", "Left") for r in range(3)]
    assert [float(row[2]) for row in cells] == pytest.approx([0.9, 1, 1] * 2, abs=1e-3)


def test_a_second_image_is_asked_for_where_a_step_can_look_at_two(panel, blocks, finish, scene):
    import slicer

    from MedProcLib.scene.provenance import provenance_of

    widget = panel(NAME)
    use(widget, THRESHOLD)
    assert not widget.ui.secondSelector.visible
    use(widget, ("segmentation.tissue_classes", {"weighting": "other", "bias_mm": 0.0, "classes": 2}))
    assert widget.ui.secondSelector.visible and widget.ui.secondLabel.visible
    widget.parameters.region = "Whole image"
    assert widget.run.button.enabled, "it is optional"
    widget.ui.secondSelector.setCurrentNode(blocks)
    assert not widget.run.button.enabled and "Choose another volume as the second image" in widget.run.message
    values = slicer.util.arrayFromVolume(blocks)
    other = slicer.util.addVolumeFromArray(400 - values, name="Other contrast")
    widget.ui.secondSelector.setCurrentNode(other)
    run(widget, finish)
    node = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    assert provenance_of(node).inputs == {"image": "Blocks", "second": "Other contrast"}
    assert node.GetSegmentation().GetNumberOfSegments() == 2


def test_a_second_image_under_a_transform_is_taken_where_it_is_seen(panel, blocks, scene):
    import slicer
    import vtk

    logic = panel(NAME).logic
    recipe = Recipe.of(
        create_operation("segmentation.tissue_classes", {"weighting": "other", "bias_mm": 0.0, "classes": 2})
    )
    plain = slicer.util.arrayFromVolume(blocks)
    noise = np.random.default_rng(1).normal(0, 20, (2, *plain.shape))
    noisy = slicer.util.addVolumeFromArray(plain + noise[0], name="Noisy")
    values = (450 - plain + noise[1]).astype(np.float32)
    there = slicer.util.addVolumeFromArray(values, name="There")
    # the same, stored as mirrored from left to right and shifted, and put back by a transform
    away = slicer.util.addVolumeFromArray(values[:, :, ::-1].copy(), name="Away")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 0, -1)
    matrix.SetElement(0, 3, values.shape[2] - 1)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(matrix)
    away.SetAndObserveTransformNodeID(transform.GetID())
    found = []
    for second in (there, away, None):
        segmentation, _table = logic.process(noisy, recipe, second=second)
        ids = [segmentation.GetSegmentation().GetNthSegmentID(n) for n in range(2)]
        found.append([slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, each, noisy) for each in ids])
    assert all((one == other).all() for one, other in zip(found[0], found[1], strict=True))
    assert any((one != other).any() for one, other in zip(found[0], found[2], strict=True))
