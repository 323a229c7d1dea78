"""Make the pictures of README.md from the program itself: `python Testing/make_pictures.py` (environment of run.py).

The panels are those of the stand-in host on the shipped pair of studies; the slice view is Slicer's own, offscreen.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "Docs" / "pictures"
STUDIES = ROOT / "Testing" / "Data" / "ms_patient01"
WIDTH = 400
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

import host  # noqa: E402


def main() -> None:
    app = host.start()
    from MedProcLib.core.files import read_image
    from MedProcLib.scene.volumes import volume_from_image

    PICTURES.mkdir(exist_ok=True)
    _baseline, follow_up = (
        volume_from_image(read_image(STUDIES / f"study{number}_FLAIR.nii.gz"), name)
        for number, name in ((1, "Baseline FLAIR"), (2, "Follow-up FLAIR"))
    )
    enhanced = run("MedProcEnhancement", "enhancement.png", inputVolume=follow_up).result
    preview(follow_up).save(PICTURES / "preview.png", optimize=True)
    segments(follow_up).save(PICTURES / "segments.png", optimize=True)
    run("MedProcSegmentation", "segmentation.png", inputVolume=enhanced)
    segmentation = app.mrmlScene().GetFirstNodeByClass("vtkMRMLSegmentationNode")
    run("MedProcQuantification", "quantification.png", inputVolume=follow_up, segmentation=segmentation)
    app.mrmlScene().RemoveNode(segmentation)  # or it would be seen beside the outlines of the comparison
    run("MedProcComparison", "comparison.png")
    side_by_side().save(PICTURES / "side_by_side.png", optimize=True)
    key_finding().save(ROOT / "Docs" / "MedProcComparison.png", optimize=True)


def preview(volume):
    """A slice view with the live preview: the preset as swipe, local contrast as checkerboard."""
    import numpy as np
    from PIL import Image

    from MedProcLib.core.preview import Preview
    from MedProcLib.core.registry import create_operation
    from MedProcLib.enhancement.presets.presets import preset_named
    from MedProcLib.scene.offscreen import OffscreenSliceView
    from MedProcLib.scene.slice_preview import Mode, Pattern, SlicePreview, matched_window, plane_corners
    from MedProcLib.scene.volumes import image_of_volume

    preset = [operation for _, operation in preset_named("mr_brain_flair").recipe().enabled_steps]
    detail = [*preset[:2], create_operation("enhancement.clahe", {"gain_limit": 6})]
    pictures = []
    with OffscreenSliceView((420, 420)) as view:
        view.show(volume)
        source, shown = Preview(image_of_volume(volume)), SlicePreview(volume)
        corners = plane_corners(view.node)
        before = source.part((), corners)
        for chain, pattern in ((preset, Pattern(Mode.SWIPE, 0.5)), (detail, Pattern(Mode.CHECKERBOARD, 30.0))):
            after = source.part(chain, corners)
            shown.show(view.node.GetLayoutName(), after, pattern, matched_window(volume, before, after))
            pictures.append(view.array())
        shown.clear()
    return Image.fromarray(np.hstack(pictures))


def segments(volume):
    """Brain, ventricles and lesions of a FLAIR image by their presets, around the largest lesion."""
    import slicer
    import view_pictures
    from PIL import Image

    from MedProcLib.scene.findings import center_of, findings_of
    from MedProcLib.scene.segmentation_scene import TOGETHER
    from MedProcLib.widgets.segmentation_logic import SegmentationLogic

    nodes = []
    for preset in ("mr_brain", "mr_ventricles", "mr_white_matter_lesions"):
        made = SegmentationLogic().process(volume, preset, output=nodes[0] if nodes else None, grouping=TOGETHER)
        nodes.append(made.segmentation)
    largest = max(findings_of(made.table), key=lambda row: row["volume_mm3"])
    picture = Image.fromarray(view_pictures.segments(volume, nodes[0], "Brain", center_of(largest)))
    slicer.mrmlScene.RemoveNode(nodes[0])  # or the pictures that follow would show it
    return picture


def side_by_side():
    """The largest new finding in the views of both studies, as the panel of Comparison shows them."""
    import view_pictures
    from PIL import Image

    from MedProcLib.scene.timeline_nodes import patient_nodes, patient_of_node, segmentation_at, volume_at

    node = patient_nodes()[0]
    patient = patient_of_node(node)
    largest = max((o for track in patient.tracks for o in track.observations), key=lambda o: o.volume.value)
    points = [point.id for point in patient.time_points]
    shown = [(volume_at(node, point), segmentation_at(node, point)) for point in points]
    return Image.fromarray(view_pictures.side_by_side(shown, largest.place.common_center))


def key_finding():
    """The report's pictures of the finding that changed most: both studies, the difference, and where it is."""
    from PIL import Image

    from MedProcLib.comparison.pipeline import compare
    from MedProcLib.comparison.study import Study
    from MedProcLib.core.files import read_image
    from MedProcLib.report.key_slices import key_slices
    from MedProcLib.report.layers import Layers

    studies = [Study(f"study {number}", read_image(STUDIES / f"study{number}_FLAIR.nii.gz")) for number in (1, 2)]
    pair = compare(studies).pairs[0]
    largest = max(pair.findings, key=lambda finding: abs(finding.difference_mm3))
    pictures = key_slices(Layers(pair), largest, 1).pictures
    height = pictures[1].height
    row = Image.new("RGB", (sum(picture.width for picture in pictures) + 8 * (len(pictures) - 1), height), "white")
    left = 0
    for picture in pictures:
        row.paste(picture.convert("RGB"), (left, 0))
        left += picture.width + 8
    return row


def run(module: str, picture: str, **nodes):
    """Show a module's panel, choose nodes, press its button, wait, and keep the panel as a picture."""
    host.load_module(ROOT / "MedProc" / module / f"{module}.py")
    panel = host.show_module(module, WIDTH)
    for name, node in nodes.items():
        setattr(panel.parameters, name, node)
    panel.run.button.click()
    if not host.wait_until(lambda: not panel.run.running, 600) or host.errors:
        raise SystemExit(f"{module} did not end well: {panel.run.message} {host.errors}")
    print(module, panel.run.message)
    host.start().processEvents()  # the layouts take in what the run has filled before the panel takes its height
    panel.parent.adjustSize()
    host.grab(panel, PICTURES / picture)
    parameters = panel.parameters
    host.close_module(panel)
    return parameters


if __name__ == "__main__":
    main()
