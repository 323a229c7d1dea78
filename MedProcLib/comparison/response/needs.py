"""What each criterion asks for beside the lesions' sizes: of the trial, of an examination, of a lesion."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from .context import Context, NeuroStatus, PetReference
from .model import Kind

SLICES, MARKERS = "slice_thickness_mm", "markers_elevated"
STEROIDS, REPLACEMENT, STATE, T2_FLAIR = (
    f"neuro.{name}" for name in ("steroid_mg", "physiologic_steroids", "clinical", "t2_flair")
)
LIVER, LIVER_SD, BLOOD, BLOOD_SD, DISEASED = (
    f"pet.{name}" for name in ("liver_mean", "liver_sd", "blood_mean", "blood_sd", "liver_diseased")
)
DATE = "date"
ALL_KINDS, NEW = (Kind.TARGET, Kind.NON_TARGET, Kind.NEW), (Kind.NEW,)
_PARTS: Mapping[str, Callable[[], Any]] = {"neuro": NeuroStatus, "pet": PetReference}


@dataclass(frozen=True)
class Needs:
    """protocol: fields of context.Protocol; baseline, later: fields of context.Context, those of its parts as
    'neuro.clinical'; lesions: fields of tracks.model.Track that hold all the time, marks: those of one time point, with
    the kinds of lesion that they are asked of.
    """

    protocol: tuple[str, ...] = ("confirmation_days", "stable_days")
    baseline: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    lesions: tuple[tuple[str, tuple[Kind, ...]], ...] = (("equivocal", NEW),)
    marks: tuple[tuple[str, tuple[Kind, ...]], ...] = (("unequivocal", (Kind.NON_TARGET,)),)

    def at(self, first: bool) -> tuple[str, ...]:
        """The fields of the first examination, or of a later one."""
        return self.baseline if first else self.later


_SIZES = Needs(("confirm", "confirmation_days", "stable_days"), (SLICES, MARKERS), (MARKERS,))
_TABLES = replace(_SIZES, protocol=(*_SIZES.protocol, "continue_response"))  # of RECIST 1.1
_CHOI = replace(_SIZES, marks=(("unequivocal", (Kind.TARGET, Kind.NON_TARGET)),))
_RANO = Needs(baseline=(SLICES, STEROIDS, REPLACEMENT), later=(STEROIDS, REPLACEMENT, STATE))
_AFTER_RADIATION = replace(
    _RANO, protocol=(*_RANO.protocol, "radiotherapy_end"), marks=(("unequivocal", (Kind.NON_TARGET, Kind.NEW)),)
)
_RANO_2 = replace(_AFTER_RADIATION, lesions=(("equivocal", NEW), ("enhancing", ALL_KINDS)))

NEEDS: Mapping[str, Needs] = MappingProxyType(
    {
        "recist_1_1": _TABLES,
        "irecist": replace(
            _TABLES, marks=(("unequivocal", (Kind.NON_TARGET, Kind.NEW)), ("increased", (Kind.NON_TARGET, Kind.NEW)))
        ),
        "who": replace(_SIZES, protocol=("confirmation_days", "stable_days")),
        "rano_2010": replace(
            _RANO,
            protocol=_AFTER_RADIATION.protocol,
            later=(*_RANO.later, T2_FLAIR),
            lesions=(("equivocal", NEW), ("in_radiation_field", NEW)),
        ),
        "rano_lgg_2011": _RANO,
        "mrano": _AFTER_RADIATION,
        "mrano_volume": _AFTER_RADIATION,
        "rano_2": _RANO_2,
        "rano_2_volume": _RANO_2,
        "percist_1_0": Needs(
            protocol=("stable_days",),
            baseline=(LIVER, LIVER_SD, DISEASED, BLOOD, BLOOD_SD),
            later=(LIVER, DISEASED, BLOOD),
            marks=(("unequivocal", (Kind.TARGET, Kind.NON_TARGET)),),
        ),
        "choi": _CHOI,
        "modified_choi": _CHOI,
        "volume_recist": _TABLES,
        "volume_65_73": _TABLES,
        "volume_35_55": _TABLES,
        "nodule_growth": Needs(protocol=(), marks=()),
    }
)

# How what a criterion misses is worded (Response.missing, errors of tracks.case), and the field that is meant.
_WORDED = (
    ("corticosteroid dose", STEROIDS),
    ("clinical state", STATE),
    ("T2/FLAIR", T2_FLAIR),
    ("tumor markers", MARKERS),
    ("of the liver", LIVER),
    ("of the blood pool", BLOOD),
    ("has no date", DATE),
)
_LESION = re.compile(r"\bF\d{3,}\b")


def asked_for(missing: str) -> str:
    """The field that is to be filled for a line of what is missing, or the id of the lesion to look at; '' for none."""
    field = next((field for words, field in _WORDED if words in missing), "")
    lesion = _LESION.search(missing)
    return field or (lesion.group() if lesion else "")


def value_of(context: Context, field: str) -> Any:
    """What is known of an examination; None for what is not."""
    part, _, name = field.rpartition(".")
    holder = (getattr(context, part) or _PARTS[part]()) if part else context
    return getattr(holder, name)


def with_value(context: Context, field: str, value: Any) -> Context:
    """The context with another value of a field. Raises InputError for one that cannot be."""
    part, _, name = field.rpartition(".")
    if not part:
        return replace(context, **{name: value})
    changed = replace(getattr(context, part) or _PARTS[part](), **{name: value})
    return replace(context, **{part: changed if changed != _PARTS[part]() else None})
