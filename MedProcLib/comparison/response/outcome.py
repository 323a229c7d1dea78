"""What a response criterion gives at one time point."""

import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...core.measurement import Code, Measurement


class Category(enum.StrEnum):
    """Categories of all criteria; those of immunotherapy and PET as their papers write them."""

    BASELINE = "baseline"
    CR = "CR"
    PR = "PR"
    MR = "MR"
    SD = "SD"
    PD = "PD"
    PRELIMINARY_PD = "preliminary PD"
    NON_CR_NON_PD = "non-CR/non-PD"
    NE = "NE"
    NED = "no disease"
    ICR = "iCR"
    IPR = "iPR"
    ISD = "iSD"
    INON_CR_NON_UPD = "non-iCR/non-iUPD"
    IUPD = "iUPD"
    ICPD = "iCPD"
    CMR = "CMR"
    PMR = "PMR"
    SMD = "SMD"
    PMD = "PMD"
    NO_GROWTH = "no significant growth"
    SLOW_GROWTH = "doubling in over 600 d"
    INTERMEDIATE_GROWTH = "doubling in 400 to 600 d"
    FAST_GROWTH = "doubling in under 400 d"
    NEW_NODULE = "new nodule"


# Parts of a tumor that may be judged apart (see rano_2): what names of their categories and figures begin with.
ENHANCING, NON_ENHANCING = "enhancing", "non-enhancing"
PART_CODES = {
    ("target", "CR"): Code("DCM", "112041", "Target Lesion Complete Response"),
    ("target", "PR"): Code("DCM", "112042", "Target Lesion Partial Response"),
    ("target", "PD"): Code("DCM", "112043", "Target Lesion Progressive Disease"),
    ("target", "SD"): Code("DCM", "112044", "Target Lesion Stable Disease"),
    ("non-target", "CR"): Code("DCM", "112045", "Non-Target Lesion Complete Response"),
    ("non-target", "non-CR/non-PD"): Code("DCM", "112046", "Non-Target Lesion Incomplete Response or Stable Disease"),
    ("non-target", "PD"): Code("DCM", "112047", "Non-Target Lesion Progressive Disease"),
}


@dataclass(frozen=True)
class Part:
    """Category of one part (targets, non-targets, new lesions) with its steps; see Response for the others."""

    category: str
    steps: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[Measurement, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Response:
    """The response at one time point.

    parts: category by part ('target', 'non-target', 'new', or by lesion). steps: the arithmetic, a line each.
    missing: what was not measured or not given. notes: cautions. doubts: thresholds within the 95 % interval of what
    is compared with them, so that measurement error could turn the category.
    figures: the sums and changes the category rests on.
    """

    criterion: str
    time: str
    date: datetime.date
    category: Category
    parts: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[Measurement, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def codes(self) -> dict[str, Code]:
        """DICOM codes of the parts that have one."""
        return {part: PART_CODES[part, c] for part, c in self.parts.items() if (part, c) in PART_CODES}

    def figures_of(self, name: str) -> tuple[Measurement, ...]:
        """The figure of this name, or those of parts of a tumor that are judged apart."""
        names = (name, *(f"{prefix_of(part)}{name}" for part in (ENHANCING, NON_ENHANCING)))
        return tuple(f for f in self.figures if f.name in names)

    def parts_of(self, name: str) -> tuple[str, ...]:
        """The category of this part, or those of it in parts of a tumor that are judged apart."""
        names = (name, *(f"{part} {name}" for part in (ENHANCING, NON_ENHANCING)))
        return tuple(category for part, category in self.parts.items() if part in names)

    def figure(self, name: str) -> float | None:
        """Value of the figure of this name, None where it is not there."""
        return next((f.value for f in self.figures if f.name == name), None)


def prefix_of(part: str) -> str:
    """What the names of figures of a part of the tumor begin with."""
    return f"{part.replace('-', '_')}_"
