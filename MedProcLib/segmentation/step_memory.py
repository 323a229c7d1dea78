"""Steps that run again and again while seeds are drawn: what seeds do not change is not computed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.operation import check_inputs
from ..core.progress import SILENT, Progress
from ..core.recipe import carried, carried_by, results_of

# Steps whose results are kept; each may be as large as the image.
MOST_KEPT = 3


@dataclass
class _Kept:
    operation: Any
    given: dict[str, Any]
    made: dict[str, Any] | None = None
    following: Any = None
    carried: dict[str, tuple[Any, Any]] = field(default_factory=dict)  # by name: as given, and on the other grid


class StepMemory:
    """Takes the place of run_operation in a chain that runs again and again; begin() before each time.

    A step with the same settings and the same images (as objects) as the last time gives what it gave, and one that
    has following() (see GrowFromSeeds) goes on from there. exact: whether all of the last run was as if computed anew;
    if not, running it again with the same things makes it so.
    """

    def __init__(self) -> None:
        self._kept: list[_Kept] = []
        self._at = 0
        self.exact = True

    def begin(self) -> None:
        self._at, self.exact = 0, True

    def __call__(self, operation: Any, things: Mapping[str, Any], progress: Progress = SILENT) -> dict[str, Any]:
        """See run_operation."""
        declaration = operation.declaration
        given = {name: things.get(name) for name in declaration.inputs + declaration.optional_inputs}
        kept = self._kept[self._at] if self._at < len(self._kept) else None
        if kept is None or kept.operation != operation:
            del self._kept[self._at :]
            kept = _Kept(operation, {})
            self._kept.append(kept)
        self._at += 1
        if kept.made is not None and all(given[name] is kept.given[name] for name in given):
            return kept.made | self._carried(kept, things)
        kept.made, kept.carried = None, {}
        if hasattr(operation, "following"):
            kept.following = kept.following or operation.following()
            check_inputs(declaration, given)
            made = dict(zip(declaration.gives, (kept.following(**given, progress=progress),), strict=True))
            self.exact = self.exact and kept.following.exact
        else:
            made = results_of(operation, things, progress)
            if "seeds" not in given and self._at <= MOST_KEPT:
                kept.made = made
        kept.given = given
        return made | self._carried(kept, things)

    def look(
        self, operations: Sequence[Any], things: Mapping[str, Any], planes: Sequence[np.ndarray], progress: Progress
    ) -> list[sitk.Image | None]:
        """About what the last of these steps would give around flat polygons (see Following.look), if it has
        following() and the steps before it gave what they would give now; else None for each."""
        state = dict(things)
        nothing: list[sitk.Image | None] = [None] * len(planes)
        if len(self._kept) < len(operations) or not operations:
            return nothing
        for operation, kept in zip(operations, self._kept, strict=False):
            declaration = operation.declaration
            given = {name: state.get(name) for name in declaration.inputs + declaration.optional_inputs}
            if kept.operation != operation:
                return nothing
            if operation is operations[-1]:
                if kept.following is None or not set(given) <= {"image", "seeds", "mask"}:
                    return nothing
                return list(kept.following.look(given["image"], given["seeds"], given.get("mask"), planes, progress))
            if kept.made is None or any(given[name] is not kept.given[name] for name in given):
                return nothing
            state |= kept.made | self._carried(kept, state)
        return nothing

    def _carried(self, kept: _Kept, things: Mapping[str, Any]) -> dict[str, Any]:
        """What follows the step to another grid; what did before is the same object again."""
        for name in carried_by(kept.operation, things):
            if name not in kept.carried or kept.carried[name][0] is not things[name]:
                kept.carried[name] = things[name], carried(kept.operation, name, things)
        return {name: kept.carried[name][1] for name in carried_by(kept.operation, things)}
