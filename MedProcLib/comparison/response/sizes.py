"""The size of one lesion at one time point, and the sum over the targets."""

from dataclasses import dataclass

from ...core.units import shown
from ..growth.measured import Measured, product, total
from .model import Assessment, Case, Kind, Lesion, Status, TimePoint
from .size_rule import Quantity, SizeRule

GONE = Measured.exact(0.0)


@dataclass(frozen=True)
class Size:
    """value None: not measured, `missing` says why. normal: the lesion is gone, or a node of normal size."""

    value: Measured | None
    normal: bool
    text: str
    missing: str = ""


@dataclass(frozen=True)
class Total:
    """Sum over the targets that were measured, in the rule's unit; None when none was.

    missing: one line a target that was not. normal: all targets are gone or nodes of normal size, none missing.
    """

    measured: Measured | None
    normal: bool
    text: str
    missing: tuple[str, ...]

    @property
    def complete(self) -> Measured | None:
        """The sum when no target is missing."""
        return None if self.missing else self.measured


def lesion_size(lesion: Lesion, time: TimePoint, rule: SizeRule) -> Size:
    """Diameter, product or volume of a lesion as the rule counts it."""
    seen = lesion.at(time.label)
    what = f"{lesion.kind} {lesion.id}"
    if seen is None:
        return Size(None, False, f"{lesion.id} not measured", f"{what} not measured at {time}")
    if seen.status is Status.NOT_EVALUABLE:
        return Size(None, False, f"{lesion.id} not evaluable", f"{what} not evaluable at {time}")
    if seen.status is Status.ABSENT:
        return Size(GONE, True, f"{lesion.id} gone")
    if seen.status is Status.MERGED:
        return Size(GONE, True, f"{lesion.id} measured with {seen.merged_into}")
    value = _measured(seen, lesion.node, rule.quantity)
    if value is None and seen.status is Status.TOO_SMALL:
        return _too_small(lesion, rule)
    if value is None:
        wanted = "short axis" if lesion.node and rule.quantity is Quantity.DIAMETER else _WANTED[rule.quantity]
        return Size(None, False, f"{lesion.id} without {wanted}", f"{what} has no {wanted} at {time}")
    pieces = seen.pieces or ((lesion.id, seen),)
    normal = value.value == 0 or (lesion.node and all(_below(piece, rule) for _, piece in pieces))
    terms = [(name, _measured(piece, lesion.node, rule.quantity)) for name, piece in pieces]
    axis = " (short axis)" if lesion.node and rule.quantity is Quantity.DIAMETER else ""
    return Size(value, normal, " + ".join(f"{name} {number(size.value)}{axis}" for name, size in terms if size))


def target_total(case: Case, index: int, rule: SizeRule) -> Total:
    """The sum over the targets at a time point."""
    time, targets = case.time_points[index], case.of(Kind.TARGET)
    ids = {lesion.id for lesion in targets}
    sizes = [_elsewhere(lesion, time, ids) or lesion_size(lesion, time, rule) for lesion in targets]
    measured = [s.value for s in sizes if s.value is not None]
    missing = tuple(s.missing for s in sizes if s.value is None)
    value = total(measured) if measured else None
    terms = " + ".join(s.text for s in sizes)
    result = f"{number(value.value)} {shown(rule.unit)}" if value else "no sum"
    return Total(value, bool(sizes) and all(s.normal for s in sizes), f"{time}: {terms} = {result}", missing)


def _elsewhere(lesion: Lesion, time: TimePoint, targets: set[str]) -> Size | None:
    """A target that merged into a lesion outside the sum is missing from it."""
    seen = lesion.at(time.label)
    if seen is None or seen.status is not Status.MERGED or seen.merged_into in targets:
        return None
    reason = f"target {lesion.id} merged into {seen.merged_into}, which is no target, at {time}"
    return Size(None, False, f"{lesion.id} merged", f"{reason}: measure what they form as {lesion.id}")


def number(value: float) -> str:
    """A size or sum as text: enough digits to check the arithmetic by hand."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:.0f}"


_WANTED = {Quantity.DIAMETER: "longest diameter", Quantity.PRODUCT: "two diameters", Quantity.VOLUME: "volume"}


def _measured(seen: Assessment, node: bool, quantity: Quantity) -> Measured | None:
    if seen.pieces:
        sizes = [size for _, piece in seen.pieces if (size := _measured(piece, node, quantity))]
        return total(sizes) if len(sizes) == len(seen.pieces) else None
    if quantity is Quantity.VOLUME:
        return seen.volume_mm3
    if quantity is Quantity.PRODUCT:
        return product(seen.long_mm, seen.short_mm) if seen.long_mm and seen.short_mm else None
    if node:
        return seen.short_mm
    return seen.long_mm


def _too_small(lesion: Lesion, rule: SizeRule) -> Size:
    normal = lesion.node and rule.normal_node_mm > 0  # a node too small to measure is of normal size
    value = GONE if rule.too_small_mm is None else Measured.exact(rule.too_small_mm)
    return Size(value, normal, f"{lesion.id} too small to measure, counted as {number(value.value)}")


def _below(seen: Assessment, rule: SizeRule) -> bool:
    return seen.short_mm is not None and seen.short_mm.value < rule.normal_node_mm - 1e-9
