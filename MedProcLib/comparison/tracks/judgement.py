"""Whether a finding seen at two time points grew, shrank or stayed, with the rule in words."""

from dataclasses import dataclass

from ..result import Change


@dataclass(frozen=True)
class ChangeRule:
    """A change counts when it reaches a share of the volume before, and a volume, and the outline's uncertainty.

    relative_percent: of the volume before; minimum_mm3; outline_mm: uncertainty of the outline, times the surface.
    """

    relative_percent: float = 25.0
    minimum_mm3: float = 15.0
    outline_mm: float = 0.3

    def judged(self, volumes: tuple[float, float], surface: float) -> tuple[Change, str]:
        """Grown, shrunk or stable, with the rule in words (volumes in mm³, positive; larger surface, mm²)."""
        difference = volumes[1] - volumes[0]
        percent = 100 * difference / volumes[0]
        least = max(self.minimum_mm3, self.outline_mm * surface)
        limits = f"{self.relative_percent:g} % and {least:.0f} mm³"
        figures = f"{percent:+z.{0 if abs(percent) >= 1 else 1}f} % and {difference:+z.0f} mm³"
        if abs(percent) >= self.relative_percent and abs(difference) >= least:
            change = Change.GROWN if difference > 0 else Change.SHRUNK
            return change, f"{change.value}: {figures}, at least {limits}"
        return Change.STABLE, f"stable: {figures}, not both beyond {limits}"
