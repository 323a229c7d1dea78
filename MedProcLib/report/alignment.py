"""How well two studies were aligned: the verdict in words, and pictures to check it by."""

from collections.abc import Sequence

from ..comparison.result import PairComparison, Registration, Verdict
from ..comparison.study import Study
from ..core.units import shown
from .check import PIXELS, SMALL_PIXELS, TILES, check_pictures
from .html_text import figure, table, text
from .layers import Layers

VERDICT_WORDS = {
    Verdict.GOOD: "By the automatic check the studies are aligned well; the pictures show whether they are.",
    Verdict.DOUBTFUL: "The alignment of the studies is doubtful: check the pictures before relying on any finding.",
    Verdict.FAILED: "The alignment of the studies failed. Nothing was compared, and no finding is reported.",
}
NOT_CHECKED = "not checked"


def verdict_of(registration: Registration) -> str:
    """The verdict in a word or two; studies that were taken as they lie were not checked."""
    taken = registration.verdict is Verdict.GOOD and not registration.figures
    return NOT_CHECKED if taken else str(registration.verdict)


def verdict_banner(pair: PairComparison, name: str = "") -> str:
    """The verdict with its reasons; name: of the study that was aligned, where there are several."""
    registration = pair.registration
    reasons = "".join(f"<p>{text(reason)}</p>" for reason in registration.reasons)
    label = f"{text(name)}: " if name else ""
    words, look = VERDICT_WORDS[registration.verdict], f" {registration.verdict}"
    if verdict_of(registration) == NOT_CHECKED:  # neither good nor bad
        look = ""
        words = "The alignment was not checked; the pictures show whether it holds."
    if name and registration.verdict is Verdict.FAILED:
        words = "The alignment failed. It was not compared, and nothing below is of it."
    return f'<div class="banner{look}"><p><b>{label}{words}</b></p>{reasons}</div>'


def doubtful_banner(pairs: Sequence[tuple[str, PairComparison]]) -> str:
    """One verdict on several studies (name, pair) whose alignment is doubtful; those with the same reasons together."""
    by_reasons: dict[str, list[str]] = {}
    for name, pair in pairs:
        by_reasons.setdefault(" ".join(pair.registration.reasons), []).append(name)
    reasons = "".join(f"<p>{text(', '.join(names))}: {text(said)}</p>" for said, names in by_reasons.items() if said)
    names = text(", ".join(name for name, _pair in pairs))
    words = VERDICT_WORDS[Verdict.DOUBTFUL]
    return f'<div class="banner doubtful"><p><b>{names}: {words}</b></p>{reasons}</div>'


def check_of_alignment(layers: Layers, first: Study, other: Study, small: bool = False, again: bool = False) -> str:
    """Checkerboards, edges and the figures that the verdict rests on; small: all pictures in one row; again: how they
    are read was said above."""
    boards, edges = [], []
    for plane, board, edge in check_pictures(layers, SMALL_PIXELS if small else PIXELS):
        boards.append(figure(board, f"{plane} checkerboard of {first.name} and {other.name}", text(plane)))
        edges.append(figure(edge, f"{plane} slice of {first.name} with the edges of {other.name}", text(plane)))
    figures = [
        [
            text(f"{f.name.replace('_', ' ')} {f.parameters.get('landmark', '')}".rstrip()),
            text(f"{_short(f.value)} {shown(f.unit)}".strip()),
        ]
        for f in layers.pair.registration.figures
    ]
    of_boards = (
        f"Checkerboard of {TILES} × {TILES} tiles: {text(first.name)} gray, {text(other.name)} tinted blue. Borders "
        "of organs must run on from tile to tile."
    )
    of_edges = (
        f"{text(first.name)} with the edges of {text(other.name)} in orange. The edges must lie on the same borders."
    )
    if again:
        of_boards, of_edges = f"{text(other.name)} tinted blue; its edges in orange.", ""
    if small:
        pictures = f'<p>{of_boards} {of_edges}</p><div class="row six">{"".join([*boards, *edges])}</div>'
    else:
        pictures = (
            f'<p>{of_boards}</p><div class="row three">{"".join(boards)}</div>'
            f'<p>{of_edges}</p><div class="row three">{"".join(edges)}</div>'
        )
    return pictures + (table(["Figure", "Value"], figures) if figures else "")


def _short(value: float) -> str:
    return "< 0.01" if 0 < abs(value) < 0.01 else f"{value:.3g}"
