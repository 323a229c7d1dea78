"""Which of two studies the other one is brought to, whichever of them comes first."""

import hashlib
import math
from dataclasses import replace
from typing import Any

import SimpleITK as sitk

from ..core.geometry import Geometry
from .change import GAINED, LOST
from .result import Registration

# Slices are equally thick where they differ by less than this share.
SAME_SLICES = 0.01
_ROLES = {"fixed": "moving", "moving": "fixed"}


def other_leads(first: sitk.Image, other: sitk.Image) -> bool:
    """Whether the other study is the one whose brightness and place the first is brought to: that of thicker slices.

    What depends on who is brought to whom would else call a change by what comes first, and studies in the opposite
    order would not have the opposite changes. Of equally thick slices one study is chosen by its content, whatever the
    order: any choice does, so long as the order has no say.
    """
    thicker = math.log(max(Geometry.of(other).spacing) / max(Geometry.of(first).spacing))
    if abs(thicker) > SAME_SLICES:
        return thicker > 0
    return _digest(other) < _digest(first)


def turned(registration: Registration) -> Registration:
    """The registration of the same studies in the opposite order. Its transform must be linear."""
    to_first, to_other = registration.to_other, registration.to_first
    return replace(registration, transform=registration.transform.GetInverse(), to_first=to_first, to_other=to_other)


def exchanged(things: dict[str, Any]) -> dict[str, Any]:
    """What steps take or gave (by name) of two studies, as of the same studies in the opposite order."""
    found = {}
    for name, thing in things.items():
        role, _, rest = name.partition("_")
        found["_".join([_ROLES.get(role, role), *([rest] if rest else [])])] = thing
    if "difference" in found:
        found["difference"] = 0 - found["difference"]
    if "change" in found:
        found["change"] = sitk.ChangeLabel(found["change"], {GAINED: LOST, LOST: GAINED})
    return found


def _digest(image: sitk.Image) -> bytes:
    return hashlib.sha256(sitk.GetArrayViewFromImage(image).tobytes()).digest()
