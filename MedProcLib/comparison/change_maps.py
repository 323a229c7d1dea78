"""The change maps of a pair of studies: made from what the pair was compared with, each with its legend and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry, resample
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe, Step, run_operation
from ..core.registry import create_operation
from ..quantification.row import Row
from ..segmentation.tissue.tissue_classes import TissueClasses
from .change import GAINED, LOST
from .defaults import ARBITRARY, shared_unit
from .inverse import inverted
from .maps.boundary_shift import BoundaryShift
from .maps.color_maps import MapColors, map_colors
from .maps.difference import DifferenceMap
from .maps.functional import FunctionalChange
from .maps.relative import RelativeChangeMap
from .maps.significant import SignificantChange
from .maps.tissue import TissueChange
from .maps.volume_change import VolumeChangeMap
from .pair import finite
from .register import Register
from .resolution import MatchResolution, Sampling
from .result import ChangeMap, PairComparison, Verdict
from .study import Study
from .tracks.model import track_id

# what a shell and the panel call them
CHANGE_MAPS: Mapping[str, Any] = {
    "difference": DifferenceMap,
    "significant": SignificantChange,
    "relative": RelativeChangeMap,
    "jacobian": VolumeChangeMap,
    "tissue": TissueChange,
    "boundary_shift": BoundaryShift,
    "functional": FunctionalChange,
}
PET_MATCHED = (
    "Intensities were matched, so the values are in no unit: activity (Bq/ml) goes with the dose and the time since it "
    "was given. Convert both studies to SUV to compare their own values."
)
OWN_VALUES = "Of the studies' own values, brought to one resolution; intensities were not matched, so the unit holds."
# of the images that an operation gives, those that are shown; the others say the same
SHOWN = {VolumeChangeMap: ("volume_change_percent",), RelativeChangeMap: ("symmetric_percent_change",)}


def is_change_map(operation: Any) -> bool:
    """Whether a recipe's step is a change map, made last, of every pair."""
    return isinstance(operation, tuple(CHANGE_MAPS.values()))


def maps_named(text: str) -> tuple[str, ...]:
    """Names of CHANGE_MAPS in a list with commas, each once. Raises InputError for an unknown one."""
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in CHANGE_MAPS]
    if unknown or not names:
        what = f"There is no change map '{unknown[0]}'" if unknown else "No change map is named"
        raise InputError(f"{what}; there are: {', '.join(CHANGE_MAPS)}.")
    return names


def with_change_maps(recipe: Recipe, names: Sequence[str], studies: Sequence[Study]) -> Recipe:
    """The recipe with these change maps (see CHANGE_MAPS) as its last steps, set as suits the studies; those that it
    has stay as they are."""
    has = [type(step.operation) for step in recipe.steps if step.enabled]
    head = any(operation.declaration.name == "segmentation.brain_mask" for _, operation in recipe.enabled_steps)
    added: list[Any] = []
    for name in names:
        if CHANGE_MAPS[name] in has:
            continue
        if name == "tissue" and head and TissueClasses not in has:
            added.append(create_operation("segmentation.tissue_classes", {"weighting": _weighting(studies)}))
        added.append(_suited(name, head, studies))
    return replace(recipe, steps=(*recipe.steps, *(Step(operation) for operation in added)))


def without_change_maps(recipe: Recipe) -> Recipe:
    """The recipe without its change maps."""
    tissue = any(isinstance(step.operation, TissueChange) for step in recipe.steps)
    kept = [s for s in recipe.steps if not is_change_map(s.operation) and not (tissue and is_fractions(s.operation))]
    return replace(recipe, steps=tuple(kept))


def is_fractions(operation: Any) -> bool:
    """Whether a step makes the fractions of tissues that TissueChange compares, where a recipe has that."""
    declaration = operation.declaration
    return "maps" in declaration.gives and set(declaration.inputs) <= {"image", "mask"} and not is_change_map(operation)


def change_maps_of(
    pair: PairComparison, studies: Sequence[Study], operations: Sequence[Any], progress: Progress = SILENT
) -> tuple[ChangeMap, ...]:
    """What these steps (change maps, and steps that make fractions of tissues) give of a pair; none of a failed one.

    All are made on the pair's grid from the images that were compared there, so nothing is resampled twice but label
    maps; functional change, and differences of values that have a unit (HU, SUV), from the studies' own values. Values
    whose scale is the scan's own (MR, PET in Bq/ml) have no unit there, whatever the operation says.
    Without fractions of tissues all findings together are the tissue that is gained or lost. A map that cannot be made
    of these images says why.
    """
    wanted = [op for op in operations if is_change_map(op)]
    if pair.registration.verdict is Verdict.FAILED or not wanted:
        return ()
    fractions = [op for op in operations if is_fractions(op)]
    shares = progress.parts(*[1.0] * len(wanted))
    return tuple(
        _made(
            operation,
            pair,
            studies,
            fractions if _takes(operation) else (),
            share.labelled(operation.declaration.title),
        )
        for operation, share in zip(wanted, shares, strict=True)
    )


def _made(
    operation: Any, pair: PairComparison, studies: Sequence[Study], fractions: Sequence[Any], progress: Progress
) -> ChangeMap:
    before, work = progress.parts(1, 1)
    try:
        things = _things(operation, pair, studies, fractions, before)
        note = things.pop("note", "")
        given = run_operation(_of_unit(operation, pair, studies), things, work)
    except InputError as error:
        return ChangeMap(operation, missing=str(error))
    rows = tuple(_named(row) for row in given["table"])
    images = {name: image for name, image in _images(operation, given).items() if _is_shown(operation, name)}
    # the deformation of the registration itself, see _deformed
    if isinstance(operation, VolumeChangeMap) and not pair.registration.transform.IsLinear():
        to_first = pair.registration.to_first
        images = {name: resample(image, pair.grid, to_first) for name, image in images.items()}
    unit = getattr(_of_unit(operation, pair, studies), "intensity_unit", "intensity")
    colors = {name: _colors(operation, name, image, unit, rows) for name, image in images.items()}
    return ChangeMap(operation, images, colors, rows, before=tuple(fractions), note=note)


def _takes(operation: Any) -> bool:
    """Whether it takes fractions of tissues."""
    return "fixed_maps" in operation.declaration.optional_inputs


def _things(
    operation: Any, pair: PairComparison, studies: Sequence[Study], fractions: Sequence[Any], progress: Progress
) -> dict[str, Any]:
    """What the operation takes, on the pair's grid."""
    masks = [mask if mask is not None else pair.region for mask in (pair.fixed_mask, pair.moving_mask)]
    images = [pair.fixed_image, pair.moving_image]
    transforms = [pair.registration.to_first, pair.registration.to_other]
    labels = [
        resample(image, pair.grid, transform, sitk.sitkNearestNeighbor)
        for image, transform in zip((pair.fixed_labels, pair.moving_labels), transforms, strict=True)
    ]
    things: dict[str, Any] = dict(zip(("fixed", "moving"), images, strict=True))
    things.update(zip(("fixed_mask", "moving_mask"), masks, strict=True))
    things.update(zip(("fixed_labels", "moving_labels"), labels, strict=True))
    if isinstance(operation, VolumeChangeMap):
        things.update(_deformed(pair, studies, masks, progress))
    elif isinstance(operation, FunctionalChange):
        things.update(zip(("fixed", "moving"), _own_values(pair, studies), strict=True))
    elif _keeps_units(operation, pair, studies):
        own = _own_values(pair, studies)
        sampled = [
            Sampling(Geometry.of(studies[n].image), transform)
            for n, transform in zip((pair.fixed, pair.moving), transforms, strict=True)
        ]
        things.update(zip(("fixed", "moving"), MatchResolution()(*own, *sampled, *masks), strict=True), note=OWN_VALUES)
    elif _may_have_unit(operation) and any(studies[n].modality == "PT" for n in (pair.fixed, pair.moving)):
        things["note"] = PET_MATCHED
    elif isinstance(operation, BoundaryShift) and operation.structure == "organ":
        if all(studies[n].labels is not None for n in (pair.fixed, pair.moving)):
            things.update(zip(("fixed_mask", "moving_mask"), [each != 0 for each in labels], strict=True))
    elif fractions:
        for role, image, share in zip(("fixed", "moving"), images, progress.parts(1, 1), strict=True):
            for step in fractions:
                given = run_operation(step, {"image": image, "mask": pair.region}, share)
                things[f"{role}_maps"] = given["maps"]
    elif _takes(operation):
        outlined = [sitk.Cast(each != 0, sitk.sitkFloat32) for each in labels]
        if not any(sitk.GetArrayViewFromImage(each).any() for each in outlined):
            raise InputError("Nothing is outlined in either study, and the recipe has no step that divides tissues.")
        things.update(zip(("fixed_maps", "moving_maps"), ({"findings": each} for each in outlined), strict=True))
    return things


def _keeps_units(operation: Any, pair: PairComparison, studies: Sequence[Study]) -> bool:
    """Whether a map is of values that have one unit in both studies, which matching the intensities would take."""
    said = getattr(operation, "intensity_unit", "")
    known = shared_unit([studies[n] for n in (pair.fixed, pair.moving)])
    return _may_have_unit(operation) and not {said, known} <= set(ARBITRARY)


def _may_have_unit(operation: Any) -> bool:
    return isinstance(operation, DifferenceMap | RelativeChangeMap)


def _of_unit(operation: Any, pair: PairComparison, studies: Sequence[Study]) -> Any:
    """The operation without the unit that it states where the values were matched."""
    if isinstance(operation, DifferenceMap) and not _keeps_units(operation, pair, studies):
        return replace(operation, intensity_unit="intensity")
    return operation


def _own_values(pair: PairComparison, studies: Sequence[Study]) -> list[sitk.Image]:
    """Both studies' own values on the pair's grid, neither corrected nor matched; what is not finite as 0."""
    transforms = (pair.registration.to_first, pair.registration.to_other)
    return [
        resample(finite(studies[n].image)[0], pair.grid, transform)
        for n, transform in zip((pair.fixed, pair.moving), transforms, strict=True)
    ]


def _deformed(
    pair: PairComparison, studies: Sequence[Study], masks: Sequence[sitk.Image], progress: Progress
) -> dict[str, Any]:
    """The transform whose Jacobian is local volume in the later study over that in the earlier one, where it is taken
    (in the pair's space, or where the registration itself deforms in the earlier study's), and a note on how far it can
    be relied on. Raises InputError."""
    if not pair.registration.transform.IsLinear():
        image = studies[pair.fixed].image
        back = inverted(pair.registration.to_first, pair.grid)
        mask = resample(pair.region, Geometry.of(image), back, sitk.sitkNearestNeighbor)
        transform = pair.registration.transform
        return {"fixed": image, "fixed_mask": mask, "fixed_labels": pair.fixed_labels, "transform": transform}
    # rigid or affine registration leaves local change as it is, so it can be found now
    found = Register(kind="deformable").registration(pair.fixed_image, pair.moving_image, masks[0], masks[1], progress)
    if found.verdict is Verdict.FAILED:
        raise InputError("No deformation was found that brings the studies together: " + " ".join(found.reasons))
    # what an affine registration brought to one size counts too; a rigid one adds nothing
    sizes = [pair.registration.to_first.GetInverse(), pair.registration.to_other]
    note = f"The deformation that this rests on was judged {found.verdict}: {' '.join(found.reasons)}"
    return {"transform": sitk.CompositeTransform([*sizes, found.transform]), "fixed_mask": pair.region, "note": note}


def _images(operation: Any, given: Mapping[str, Any]) -> dict[str, sitk.Image]:
    if isinstance(operation, SignificantChange):
        return {"score": given["difference"]}
    if isinstance(operation, FunctionalChange):
        values = sitk.GetArrayViewFromImage(given["change"])
        signs = np.where(values == GAINED, 1, np.where(values == LOST, -1, 0)).astype(np.float32)
        return {"functional_change": Geometry.of(given["change"]).image_of(signs)}
    return dict(given["maps"])


def _is_shown(operation: Any, name: str) -> bool:
    return name in SHOWN.get(type(operation), (name,))


def _colors(operation: Any, name: str, image: sitk.Image, unit: str, rows: Sequence[Row]) -> MapColors:
    """As map_colors has them; a score is shown from what is significant on."""
    colors = map_colors(name, image, unit)
    if isinstance(operation, SignificantChange):
        limit = rows[0].value("score_threshold")
        # a bit less, as scores are rounded; without any discovery no score reaches this
        least = limit * (1 - 1e-6) if np.isfinite(limit) else 1 + float(np.abs(sitk.GetArrayViewFromImage(image)).max())
        top = max(colors.high, 1.5 * least)
        colors = replace(colors, low=-top, high=top, threshold=least)
    return colors


def _named(row: Row) -> Row:
    """A finding's row by its name, which its number in the label maps tells."""
    return replace(row, name=track_id(row.segment)) if row.name == f"Segment {row.segment}" else row


def _suited(name: str, head: bool, studies: Sequence[Study]) -> Any:
    if name == "boundary_shift":
        settings = {"structure": f"brain_{_weighting(studies)}" if head else "organ"}
    elif name == "difference":
        settings = {"intensity_unit": shared_unit(studies)}
    elif name == "functional":
        settings = {"value_unit": "10-6 mm2/s"}
    else:
        settings = {}
    return CHANGE_MAPS[name].declaration.create(settings)


def _weighting(studies: Sequence[Study]) -> str:
    """T1, T2 or FLAIR by what the studies are called; T1 where that says nothing."""
    words = " ".join(f"{study.name} {study.source}" for study in studies).lower()
    if "flair" in words:
        return "FLAIR"
    return "T2" if "t2" in words else "T1"
