"""A proposed finding: where, how large, how sure, and why."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """What a detector proposes to a reader; it is not a finding before a reader accepts it.

    number: its value in the label map that comes with it, from 1, best first; position: LPS mm (2 or 3 numbers), inside
    it; diameter_mm: of the ball (disk) of its size; volume_mm3: mm2 in 2D; score: what the detector sorts by, larger
    is more suspicious; reason: in words, with the figures that decided; expected_false: how many candidates with at
    least this score are expected in this image by chance, None where the detector cannot say.
    """

    number: int
    position: tuple[float, ...]
    diameter_mm: float
    volume_mm3: float
    score: float
    reason: str
    expected_false: float | None = None
