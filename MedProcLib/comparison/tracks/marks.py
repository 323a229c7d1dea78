"""What is known of a track at single time points beside its observations, when observations change tracks."""

from collections.abc import Collection
from typing import Any

from .model import Patient, Track

MARKS = ("unequivocal", "increased", "outside")  # fields of Track that name time points


def marks_of(patient: Patient, *parts: tuple[Track, Collection[str]]) -> dict[str, Any]:
    """Those fields of a track made of parts of others: what each of these has at some time points (ids)."""
    ids = [point.id for point in patient.time_points]
    return {
        name: tuple(p for p in ids if any(p in at and p in getattr(track, name) for track, at in parts))
        for name in MARKS
    }
