"""The studies that were compared, and what they are called."""

from ..comparison.result import Comparison, Verdict
from ..comparison.study import Study
from ..core.geometry import Geometry
from .html_text import section, table, text


def studies_section(comparison: Comparison) -> str:
    first = comparison.studies[0]
    lines = []
    for number, study in enumerate(comparison.studies):
        geometry = Geometry.of(study.image)
        lines.append(
            [
                "First" if number == 0 else f"Other {number}" if len(comparison.studies) > 2 else "Other",
                f"<b>{text(study.name)}</b>",
                f'<span class="fixed">{text(date_of(study) or "unknown")}</span>',
                text(days_since(first, study)),
                text(study.modality or "–"),
                text(" × ".join(map(str, geometry.size))),
                text(" × ".join(f"{side:.3g}" for side in geometry.spacing)),
                text(study.source or "–"),
            ]
        )
    headings = ["", "Study", "Date", "Since first", "Modality", "Voxels", "Voxel size mm", "Source"]
    # what the head says of alignments is not said again
    said = [" ".join(p.registration.reasons) for p in comparison.all_pairs if p.registration.verdict != Verdict.GOOD]
    new = [note for note in comparison.notes if not any(reasons and note.endswith(reasons) for reasons in said)]
    notes = "".join(f'<p class="note">{text(note)}</p>' for note in new)
    return section("What was compared", table(headings, lines), notes)


def title_of(comparison: Comparison) -> str:
    """What the report is called: the studies in order."""
    names = [study.name for study in comparison.studies]
    return " → ".join(names) if len(names) <= 3 else f"{names[0]} → {names[-1]} ({len(names)} studies)"


def date_of(study: Study) -> str:
    """ISO date, '' when unknown."""
    return study.date.isoformat() if study.date else ""


def days_since(first: Study, study: Study) -> str:
    if not (first.date and study.date) or study is first:
        return "–"
    return f"{(study.date - first.date).days} days"
