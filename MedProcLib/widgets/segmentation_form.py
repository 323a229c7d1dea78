"""The inputs of MedProc Segmentation for a chain of steps: which are shown, what is missing, what they stand for."""

from collections.abc import Sequence
from typing import Any

from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.listing import listed
from ..core.preset import Preset
from ..core.recipe import Recipe
from ..core.registry import create_operation
from ..scene.segmentation_input import SegmentationSource, segmentation_source
from ..segmentation.outcome import last_segments, needed
from .inputs import with_way_for_color
from .region_choice import is_there, names_of
from .segmentation_task import BOX, REGION_OPERATIONS, SEGMENT, WHOLE
from .wrapped_label import show_wrapped

MOST_NUMBERED = 20  # segments whose numbers are listed


def show_inputs(ui: Any, parameters: Any, recipe: Recipe, preset: Preset | None, seeds: int) -> None:
    """Show the widgets of the inputs that the steps can use, and say what seeds are for. seeds: nodes chosen."""
    required, usable = needed(recipe)
    for shown, widgets in (
        (parameters.region == SEGMENT, (ui.maskLabel, ui.maskSelector)),
        (
            parameters.region == SEGMENT and len(names_of(parameters.mask)) > 0,
            (ui.maskSegmentLabel, ui.maskSegmentBox),
        ),
        (parameters.region == BOX, (ui.roiLabel, ui.roiSelector)),
        ("labels" in usable, (ui.startLabel, ui.startSelector)),
        ("reference" in usable, (ui.referenceLabel, ui.referenceSelector)),
        ("second" in usable, (ui.secondLabel, ui.secondSelector)),
        ("raters" in usable, (ui.ratersLabel, ui.ratersBox)),
        ("seeds" in usable, (ui.seedsButton,)),
        (seeds > 0, (ui.objectsLabel, ui.objectsBox)),
    ):
        for widget in widgets:
            widget.visible = shown
    show_wrapped(ui.startNumbers, _numbers(parameters.startFrom) if "labels" in usable else "")
    hint = preset.seeds if preset is not None and preset.seeds else _("what is wanted, an object a list")
    text = _("Mark first: {what}.") if "seeds" in required else _("Seeds are optional. To mark: {what}.")
    show_wrapped(ui.seedsHint, text.format(what=hint))


def _numbers(start: Any) -> str:
    """The segments of a node with the numbers that steps call them by; '' for fewer than two."""
    names = list(names_of(start).values())
    numbered = [f"{number} {name}" for number, name in enumerate(names, 1)]
    return _("Segments: {list}.").format(list=listed(numbered, MOST_NUMBERED)) if len(names) > 1 else ""


def missing_input(parameters: Any, recipe: Recipe, has_steps: bool, seeds: int, raters: int) -> str:
    """What the user has to choose before the steps can run; '' for nothing. seeds, raters: nodes chosen."""
    if parameters.inputVolume is None:
        return with_way_for_color(_("Choose an input volume (load one first, if there is none)."))
    if parameters.region == SEGMENT and parameters.mask is None:
        return _("Choose the mask to search in, or search in the brain, the body or the whole image.")
    if parameters.region == BOX and parameters.roi is None:
        return _("Choose the box to search in, or make a new one and place it in the views.")
    if not is_there(parameters.mask, parameters.maskSegment):
        return _("Choose a segment of the mask: the one chosen before is not there.")
    if not recipe.enabled_steps:
        return _("Switch on at least one step.") if has_steps else _("Add at least one step.")
    try:
        last_segments(recipe)
    except InputError as error:
        return str(error)
    required, usable = needed(recipe)
    if "seeds" in required and not seeds:
        return _("Choose seeds, or place points: a step needs to know what is wanted.")
    if "labels" in required and parameters.startFrom is None:
        return _("Choose the segmentation to start from: the first step works on segments.")
    if "reference" in required and parameters.reference is None:
        return _("Choose a reference volume: a step needs one.")
    if "second" in required and parameters.second is None:
        return _("Choose a second image of the patient: a step looks at two.")
    if "second" in usable and parameters.second is parameters.inputVolume:
        return _("Choose another volume as the second image: it is the input volume.")
    if "raters" in required and raters < 2:
        return _("Choose the segmentations to combine: check at least two.")
    if "mask" in required and parameters.region == WHOLE:
        return _("Choose a region to search in: a step needs one.")
    return ""


def chosen_region(parameters: Any) -> tuple[str, Any]:
    """Region and node of it, as logic.process takes them."""
    return parameters.region, {SEGMENT: parameters.mask, BOX: parameters.roi}.get(parameters.region)


def region_operation(parameters: Any) -> Any:
    """The operation that finds the region, or None."""
    name = REGION_OPERATIONS.get(parameters.region)
    return create_operation(name) if name else None


def preview_source(
    volume: Any, parameters: Any, recipe: Recipe, seeds: Sequence, raters: Sequence
) -> SegmentationSource:
    """What the steps start from, of the nodes that they can use. Raises InputError."""
    region, node = chosen_region(parameters)
    usable = needed(recipe)[1]
    return segmentation_source(
        volume,
        node,
        parameters.maskSegment if region == SEGMENT else "",
        seeds if "seeds" in usable else [],
        parameters.objects,
        parameters.startFrom if "labels" in usable else None,
        parameters.reference if "reference" in usable else None,
        raters if "raters" in usable else [],
        parameters.second if "second" in usable else None,
    )
