"""What some criteria need beside the lesions: protocol, PET reference regions, neurological status."""

import datetime
import enum
import math
from dataclasses import dataclass

from ...core.errors import InputError


@dataclass(frozen=True)
class Protocol:
    """Choices that criteria leave to the trial.

    confirm: CR and PR count as best response only when confirmed; confirmation_days: at least this much later.
    stable_days: stable disease counts as best response when it lasts at least this long from baseline (RECIST 1.1: in
    general not less than 6 to 8 weeks). continue_response: a PR stays PR until progression, though the sum has risen
    again (EORTC's clarification of RECIST 1.1). radiotherapy_end: of brain tumors, None without.
    """

    confirm: bool = False
    confirmation_days: int = 28
    stable_days: int = 42
    continue_response: bool = True
    radiotherapy_end: datetime.date | None = None

    def __post_init__(self) -> None:
        if self.confirmation_days < 0 or self.stable_days < 0:
            raise InputError("The days of confirmation and of stable disease cannot be negative.")


@dataclass(frozen=True)
class PetReference:
    """SUL of normal tissue: mean and SD of a 3 cm sphere in the right liver lobe and of the aorta's blood pool."""

    liver_mean: float | None = None
    liver_sd: float | None = None
    blood_mean: float | None = None
    blood_sd: float | None = None
    liver_diseased: bool = False

    def __post_init__(self) -> None:
        for name in ("liver_mean", "liver_sd", "blood_mean", "blood_sd"):
            value = getattr(self, name)
            if value is None:
                continue
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"{name} must be a number of at least 0; got {value:g}.")
            object.__setattr__(self, name, float(value))


class Trend(enum.StrEnum):
    """How something stands against baseline or the best time point since."""

    IMPROVED = "improved"
    STABLE = "stable"
    WORSE = "worse"


@dataclass(frozen=True)
class NeuroStatus:
    """Of a brain tumor: daily corticosteroids (mg dexamethasone or equivalent), clinical state, T2/FLAIR extent.

    physiologic_steroids: the dose is replacement only, which counts as none. None: not known.
    """

    steroid_mg: float | None = None
    physiologic_steroids: bool = False
    clinical: Trend | None = None
    t2_flair: Trend | None = None

    def __post_init__(self) -> None:
        for name in ("clinical", "t2_flair"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, Trend(getattr(self, name)))
        if self.steroid_mg is not None and not (math.isfinite(self.steroid_mg) and self.steroid_mg >= 0):
            raise InputError(f"A steroid dose must be at least 0 mg; got {self.steroid_mg:g}.")


@dataclass(frozen=True)
class Context:
    """What is known of one examination beside its images; None: not known.

    slice_thickness_mm decides what is measurable; markers_elevated: tumor markers above normal.
    """

    slice_thickness_mm: float | None = None
    markers_elevated: bool | None = None
    pet: PetReference | None = None
    neuro: NeuroStatus | None = None

    def __post_init__(self) -> None:
        require_thickness(self.slice_thickness_mm)


def require_thickness(value: float | None, where: str = "") -> None:
    """Raise InputError unless a slice thickness (mm) is above 0 or not known."""
    if value is not None and not (math.isfinite(value) and value > 0):
        raise InputError(f"The slice thickness{where} must be above 0 mm; got {value:g}.")


USUAL_PROTOCOL, NOTHING_KNOWN = Protocol(), Context()
