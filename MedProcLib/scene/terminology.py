"""What a segment shows, as SNOMED CT codes in the form Slicer keeps with a segment and writes into DICOM SEG."""

from dataclasses import dataclass

from MedProcLib.core.measurement import Code

CONTEXT = "Segmentation category and type - DICOM master list"


@dataclass(frozen=True)
class TerminologyEntry:
    """Category and type of a segment (DICOM PS3.16, context groups 7150 and the type's own); None where not said."""

    category: Code | None = None
    type: Code | None = None


NO_CATEGORY = TerminologyEntry()
_ALTERED = Code("SCT", "49755003", "Morphologically Altered Structure")
_ANATOMY = Code("SCT", "123037004", "Anatomical Structure")
_TISSUE = Code("SCT", "85756007", "Tissue")
LESION = TerminologyEntry(_ALTERED, Code("SCT", "52988006", "Lesion"))
MASS = TerminologyEntry(_ALTERED, Code("SCT", "4147007", "Mass"))
NODULE = TerminologyEntry(_ALTERED, Code("SCT", "27925004", "Nodule"))
BRAIN = TerminologyEntry(_ANATOMY, Code("SCT", "12738006", "Brain"))
TISSUE = TerminologyEntry(_TISSUE, Code("SCT", "85756007", "Tissue"))


def set_terminology(segment, entry: TerminologyEntry) -> None:
    """Write an entry to a vtkSegment; nothing where it says nothing."""
    if entry.category is None:
        return
    no_code = "^^"
    parts = [CONTEXT, _text(entry.category), _text(entry.type), no_code]
    parts += ["Anatomic codes - DICOM master list", no_code, no_code]
    segment.SetTerminology("~".join(parts))


def terminology_of(segment) -> TerminologyEntry:
    """The entry of a vtkSegment; an empty one where it has none or it cannot be read."""
    parts = (segment.GetTerminology() or "").split("~")
    return TerminologyEntry(*(_code(part) for part in parts[1:3])) if len(parts) >= 3 else NO_CATEGORY


def _text(code: Code | None) -> str:
    return f"{code.scheme}^{code.value}^{code.meaning}" if code else "^^"


def _code(text: str) -> Code | None:
    parts = text.split("^")
    return Code(*parts) if len(parts) == 3 and parts[1] else None
