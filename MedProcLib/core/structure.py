"""What a segment shows: its name, color and codes."""

from dataclasses import dataclass

from .measurement import Code

# Of segments without a color of their own, in turn.
UNNAMED_COLORS = ((0.50, 0.68, 0.50), (0.95, 0.84, 0.57), (0.69, 0.48, 0.40), (0.44, 0.72, 0.82), (0.85, 0.40, 0.31))


@dataclass(frozen=True)
class Structure:
    """Name, color (RGB in 0..1) and codes (DICOM PS3.16: category, type, side or other modifier, region)."""

    name: str
    color: tuple[float, float, float]
    category: Code | None = None
    type: Code | None = None
    modifier: Code | None = None
    region: Code | None = None
