"""What a segment shows, as SNOMED CT codes in the form Slicer keeps with a segment and writes into DICOM SEG."""

from dataclasses import dataclass

from MedProcLib.core.measurement import Code
from MedProcLib.core.structure import Structure
from MedProcLib.segmentation.structures import structure

CONTEXT = "Segmentation category and type - DICOM master list"
REGION_CONTEXT = "Anatomic codes - DICOM master list"
NO_CODE = "^^"


@dataclass(frozen=True)
class TerminologyEntry:
    """Category, type and modifier (side) of a segment, and the anatomical place it is in with its side; None where not
    said. context, region_context: Slicer's lists that they are of.

    DICOM PS3.16: context group 7150, those of the category, and the type's own.
    """

    category: Code | None = None
    type: Code | None = None
    modifier: Code | None = None
    region: Code | None = None
    region_modifier: Code | None = None
    context: str = CONTEXT
    region_context: str = REGION_CONTEXT


def entry_of(shown: Structure) -> TerminologyEntry:
    """The entry of a structure."""
    return TerminologyEntry(shown.category, shown.type, shown.modifier, shown.region)


NO_CATEGORY = TerminologyEntry()
LESION = entry_of(structure("lesion"))
MASS = entry_of(structure("mass"))
BRAIN = entry_of(structure("brain"))
TISSUE = TerminologyEntry(Code("SCT", "85756007", "Tissue"), Code("SCT", "85756007", "Tissue"))


def set_terminology(segment, entry: TerminologyEntry) -> None:
    """Write an entry to a vtkSegment; nothing where it says nothing."""
    if entry.category is None:
        return
    segment.SetTerminology(terminology_text(entry))


def terminology_text(entry: TerminologyEntry) -> str:
    """The entry as Slicer writes it; '' where it says nothing."""
    if entry.category is None:
        return ""
    said = [_text(code) for code in (entry.category, entry.type, entry.modifier)]
    place = [_text(code) for code in (entry.region, entry.region_modifier)]
    return "~".join([entry.context, *said, entry.region_context, *place])


def terminology_of(segment) -> TerminologyEntry:
    """The entry of a vtkSegment; an empty one where it has none or it cannot be read."""
    return entry_in(segment.GetTerminology() or "")


def entry_in(text: str) -> TerminologyEntry:
    """The entry in a text of Slicer's; an empty one where there is none or it cannot be read."""
    parts = text.split("~")
    if len(parts) < 3:
        return NO_CATEGORY
    context, category, kind, modifier, region_context, region, side = (parts + [""] * 7)[:7]
    return TerminologyEntry(
        *(_code(category), _code(kind), _code(modifier), _code(region), _code(side)),
        context=context or CONTEXT,
        region_context=region_context or REGION_CONTEXT,
    )


def _text(code: Code | None) -> str:
    return f"{code.scheme}^{code.value}^{code.meaning}" if code else NO_CODE


def _code(text: str) -> Code | None:
    parts = text.split("^")
    return Code(*parts) if len(parts) == 3 and parts[1] else None
