"""What a segment shows: its name, color and codes."""

from dataclasses import dataclass

from .measurement import Code


@dataclass(frozen=True)
class Structure:
    """Name, color (RGB in 0..1) and codes (DICOM PS3.16: category, type, side or other modifier, region)."""

    name: str
    color: tuple[float, float, float]
    category: Code | None = None
    type: Code | None = None
    modifier: Code | None = None
    region: Code | None = None
