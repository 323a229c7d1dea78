"""Two studies compared: registered, brought to the half-way grid once, and followed finding by finding."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.boxes import box_around
from ..core.errors import InputError
from ..core.geometry import Geometry, resample
from ..core.image_filter import grid_of_box
from ..core.progress import SILENT, Progress
from ..core.recipe import run_steps
from .alignment.volume import prepare
from .consensus import ConsensusLabels
from .findings import MatchFindings
from .half_height import HalfHeightOutlines
from .halfway import half_way_grid, linear_part
from .inverse import inverted
from .leading import exchanged, other_leads, turned
from .register import Register, identity
from .registration.landmarks import Landmarks
from .resolution import Sampling
from .result import Change, Finding, PairComparison, Registration, Verdict
from .tracks.label_pieces import index_sums, surfaces_of

# Around what is looked at: more than any step looks beyond it, and the skull around a brain for whoever looks at it.
MARGIN_MM = 20.0


def register_pair(
    first: dict[str, Any],
    other: dict[str, Any],
    steps: list,
    progress: Progress = SILENT,
    landmarks: Landmarks | None = None,
) -> Registration:
    """How two studies lie to each other by the registration among the steps; things as in compare_pair. It starts from
    the landmarks, if there are any (see Register)."""
    registration = identity()
    for _, operation in steps:
        if isinstance(operation, Register):
            registration = _registered(operation, first, other, landmarks, progress)
    return registration


def _registered(
    operation: Register,
    first: dict[str, Any],
    other: dict[str, Any],
    landmarks: Landmarks | None,
    progress: Progress,
) -> Registration:
    # a deformation has no exact inverse
    if operation.kind != "deformable" and other_leads(first["image"], other["image"]):
        try:
            back = landmarks.exchanged() if landmarks is not None else None
            opposite = other["image"], first["image"], other["mask"], first["mask"]
            return turned(operation.registration(*opposite, progress, back))
        except InputError:
            progress.check()  # the words of the error name the studies by their order: it is met again below
    return operation.registration(first["image"], other["image"], first["mask"], other["mask"], progress, landmarks)


def compare_pair(
    fixed: int,
    moving: int,
    first: dict[str, Any],
    other: dict[str, Any],
    registration: Registration,
    steps: list,
    progress: Progress = SILENT,
) -> PairComparison:
    """Compare the things (image, mask, labels) of two studies in their own spaces; see pipeline.compare.

    Outlines at half height are made last, in the studies' own voxels, wherever they are among the steps.
    Both images are resampled once, into the space that registration.to_first and to_other lead from, as far as either
    study is looked at. Of these images that of thicker slices leads (see leading.other_leads), so that the opposite
    order gives the opposite changes.
    """
    rest = [(n, op) for n, op in steps if not isinstance(op, Register | HalfHeightOutlines)]
    outlining = next((op for _, op in steps if isinstance(op, HalfHeightOutlines)), None)
    shares = progress.parts(1, 3, 1)
    opposite = other_leads(first["image"], other["image"])
    sides = [(first, registration.to_first), (other, registration.to_other)]
    state = _on_half_way_grid(sides[::-1] if opposite else sides, shares[0])
    failed = registration.verdict is Verdict.FAILED
    given = first["given"] or other["given"]
    count = next((n for n, (_, op) in enumerate(rest) if isinstance(op, MatchFindings)), len(rest))
    imaging, matching = shares[1].parts(max(count, 0.01), max(len(rest) - count, 0.01))
    if not failed:
        state = _run(rest[:count], state, given, registration, first, other, imaging)
    if opposite:
        state = exchanged(state)
    if not failed:
        state = _run(rest[count:], state, given, registration, first, other, matching)
    rules = _matching(rest), outlining
    return _assembled(fixed, moving, first, other, registration, state, failed, given, rules, shares[2])


def _on_half_way_grid(studies: Sequence[tuple[dict, sitk.Transform]], progress: Progress) -> dict[str, Any]:
    """What steps take of two studies, each with the transform that leads to it from the space of the grid."""
    sides = [(role, *study) for role, study in zip(("fixed", "moving"), studies, strict=True)]
    masks = [
        study["mask"] if study["mask"] is not None else prepare(study["image"], None, f"The {role} image").foreground
        for role, study, _ in sides
    ]
    ways = [linear_part(transform) for *_, transform in sides]
    own = [Geometry.of(study["image"]) for study, _ in studies]
    grid = half_way_grid(own[0], own[1], ways[0], ways[1])
    looked_at = [
        mask != 0 if study["labels"] is None else (mask != 0) | (study["labels"] != 0)
        for mask, (_, study, _) in zip(masks, sides, strict=True)
    ]
    grid = _around(grid, looked_at, ways)
    state: dict[str, Any] = {"grid": grid}
    for mask, (role, study, transform) in zip(masks, sides, strict=True):
        state[f"{role}_sampling"] = Sampling(Geometry.of(study["image"]), transform)
        image, inside = finite(study["image"])
        region = sitk.Cast((mask != 0) & inside, sitk.sitkFloat32)
        state[role] = resample(image, grid, transform, progress=progress)
        # what linear interpolation mixed with voxels outside the image or not finite is left out
        whole = resample(sitk.Cast(inside, sitk.sitkFloat32), grid, transform, progress=progress) > 0.999
        state[f"{role}_mask"] = (resample(region, grid, transform, progress=progress) > 0.5) & whole
        labels = study["labels"]
        state[f"{role}_labels"] = (
            grid.empty_image()
            if labels is None
            else resample(labels, grid, transform, sitk.sitkNearestNeighbor, progress=progress)
        )
    return state


def _around(grid: Geometry, regions: Sequence[sitk.Image], ways: Sequence[np.ndarray]) -> Geometry:
    """The part of a grid that has all of these regions and what is near: steps need memory for each of its voxels.

    regions: masks on their studies' grids; ways: matrices (4, 4) from the grid's space to the studies.
    """
    indices = []
    for region, way in zip(regions, ways, strict=True):
        box = box_around(sitk.GetArrayViewFromImage(region) != 0)
        if box is not None:
            corners = grid_of_box(Geometry.of(region), box).corners()
            back = np.linalg.inv(way)
            indices.append(grid.indices(corners @ back[:3, :3].T + back[:3, 3]))
    if not indices:
        return grid
    margin = MARGIN_MM / np.array(grid.spacing)
    low = np.maximum(np.floor(np.min([i.min(axis=0) for i in indices], axis=0) - margin), 0).astype(int)
    high = np.ceil(np.max([i.max(axis=0) for i in indices], axis=0) + margin).astype(int) + 1
    high = np.minimum(high, grid.size)
    return grid_of_box(grid, tuple(slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1], strict=True)))


def finite(image: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
    """The image in float with NaN and infinite voxels as 0, and where it is finite."""
    values = sitk.GetArrayFromImage(image)
    finite = np.isfinite(values)
    grid = Geometry.of(image)
    return grid.image_of(np.where(finite, values, 0).astype(np.float32)), grid.image_of(finite)


def _run(
    steps: list, state: dict, given: bool, registration: Registration, first: dict, other: dict, progress: Progress
) -> dict[str, Any]:
    shared = sitk.GetArrayFromImage(state["fixed_mask"] & state["moving_mask"])
    if not shared.any():
        return state
    for (number, operation), share in zip(steps, progress.parts(*[1.0] * len(steps)), strict=True):
        if given and isinstance(operation, ConsensusLabels):
            continue
        things = dict(state)
        if given and isinstance(operation, MatchFindings):
            # given outlines are compared as they are, each on its own grid
            for role, study in (("fixed", first), ("moving", other)):
                things[f"{role}_labels"] = _labels_of(study)
            things["transform"] = registration.transform
        state.update(
            {
                name: thing
                for name, thing in run_steps([(number, operation)], things, share).items()
                if name in operation.declaration.gives
            }
        )
    return state


def _labels_of(study: dict) -> sitk.Image:
    return study["labels"] if study["labels"] is not None else Geometry.of(study["image"]).empty_image()


def _assembled(
    fixed: int,
    moving: int,
    first: dict,
    other: dict,
    registration: Registration,
    state: dict,
    failed: bool,
    given: bool,
    rules: tuple[MatchFindings, HalfHeightOutlines | None],
    progress: Progress,
) -> PairComparison:
    grid: Geometry = state["grid"]
    own = [Geometry.of(study["image"]) for study in (first, other)]
    region = state["fixed_mask"] & state["moving_mask"]
    findings: tuple[Finding, ...] = tuple(state.get("findings", ()))
    change = state.get("change", grid.empty_image())
    same = frozenset[int]()
    if failed:
        labels = [
            _labels_of(study) if study["given"] else g.empty_image()
            for study, g in zip((first, other), own, strict=True)
        ]
        native_change = own[0].empty_image()
    else:
        to_half = [inverted(t, grid) for t in (registration.to_first, registration.to_other)]
        # each voxel is what most around it is: the nearest one alone tears off slivers and rims of a voxel
        native_change = resample(change, own[0], to_half[0], sitk.sitkLabelLinear, progress=progress)
        labels = [state["fixed_labels"], state["moving_labels"]]
        same = same if given else _same_outline(*labels)
        if not (given and findings):
            labels = [
                _nearest(sitk.Cast(v, sitk.sitkInt32), g, t, progress)
                for v, g, t in zip(labels, own, to_half, strict=True)
            ]
            matching, outlining = rules
            if outlining is not None and not given and findings:
                images, before = [s["image"] for s in (first, other)], [_labels_of(s) for s in (first, other)]
                labels = outlining.outlined(images, labels, before, registration.transform, same, progress)
                findings = _where_outlined(findings, labels, matching)
            labels, findings = _as_measured(labels, findings, matching)
    return PairComparison(
        fixed, moving, registration, grid, state["fixed"], state["moving"],
        state.get("difference", grid.empty_image(sitk.sitkFloat32)),
        region, native_change, labels[0], labels[1], findings, same_outline=same,
        fixed_mask=state["fixed_mask"], moving_mask=state["moving_mask"],
    )  # fmt: skip


def _same_outline(fixed: sitk.Image, moving: sitk.Image) -> frozenset[int]:
    """Numbers whose voxels are the same in two label maps on one grid."""
    one, two = (sitk.GetArrayViewFromImage(labels) for labels in (fixed, moving))
    differing = one != two
    return frozenset((set(np.unique(one).tolist()) - {0}) - set(one[differing].tolist()) - set(two[differing].tolist()))


def _where_outlined(
    findings: tuple[Finding, ...], labels: list[sitk.Image], matching: MatchFindings
) -> tuple[Finding, ...]:
    """The findings with a center in those studies that show them, and new or gone where only one does."""
    shown = [set(np.unique(sitk.GetArrayViewFromImage(each)).tolist()) for each in labels]
    followed = []
    for finding in findings:
        before, after = (finding.number in numbers for numbers in shown)
        centers = finding.centers
        if before or after:  # else its voxels are too large for it, see _as_measured
            centers = centers[0] if before else None, centers[1] if after else None
        change, rule = finding.change, finding.threshold
        if before and after and change in (Change.NEW, Change.GONE):
            change = Change.STABLE  # or grown or shrunk, which is judged on the volumes
        elif before != after:
            change, rule = matching.only_in(before)
        followed.append(dataclasses.replace(finding, change=change, threshold=rule, centers=centers))
    return tuple(followed)


def _nearest(labels: sitk.Image, grid: Geometry, transform: sitk.Transform, progress: Progress) -> sitk.Image:
    return resample(labels, grid, transform, sitk.sitkNearestNeighbor, progress=progress)


def _matching(steps: list) -> MatchFindings:
    return next((op for _, op in reversed(steps) if isinstance(op, MatchFindings)), MatchFindings())


def _as_measured(
    labels: list[sitk.Image], findings: tuple[Finding, ...], matching: MatchFindings
) -> tuple[list[sitk.Image], tuple[Finding, ...]]:
    """Label maps in the studies' own spaces, and the findings with the volumes and centers they have there.

    Grown, shrunk or stable is judged on these volumes, which are the ones shown.
    A finding too small for a study's voxels keeps the voxel at its center, so that none is lost.
    """
    measured = [[], []]  # type: list[list[tuple[float, tuple[float, float, float] | None]]]
    kept, surfaces = [], []
    for side, image in enumerate(labels):
        grid, array = Geometry.of(image), sitk.GetArrayFromImage(image)
        present = set(np.unique(array).tolist())
        for finding in findings:
            center = finding.centers[side]
            if center is not None and finding.number not in present:
                index = np.clip(np.round(grid.indices(np.array([center]))[0]), 0, np.array(grid.size) - 1)
                array[tuple(index.astype(int)[::-1])] = finding.number
        size = max((f.number for f in findings), default=0) + 1
        counts, sums = np.bincount(array.ravel(), minlength=size), index_sums(array, size)
        for finding in findings:
            count = counts[finding.number]
            x, y, z = grid.points(sums[finding.number] / max(count, 1))[0]
            measured[side].append((float(count * grid.voxel_volume), (float(x), float(y), float(z)) if count else None))
        kept.append(grid.image_of(array))
        surfaces.append(surfaces_of(array, grid))
    followed = []
    for finding, a, b in zip(findings, *measured, strict=True):
        change, rule, volumes = finding.change, finding.threshold, (a[0], b[0])
        if change in (Change.GROWN, Change.SHRUNK, Change.STABLE):
            change, rule = matching.judged(volumes, max(float(s[finding.number]) for s in surfaces))
        followed.append(
            dataclasses.replace(finding, change=change, threshold=rule, volumes_mm3=volumes, centers=(a[1], b[1]))
        )
    return kept, tuple(followed)
