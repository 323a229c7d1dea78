"""Small pieces of HTML; every text that comes from outside passes through text()."""

import html
from collections.abc import Iterable, Sequence

from PIL import Image

from ..comparison.result import Change
from .colors import LOOKS
from .picture import data_uri


def text(value: object) -> str:
    """A value as text that no browser takes for markup, in an element or a quoted attribute."""
    return html.escape(str(value), quote=True)


def chip(change: Change) -> str:
    """A class of change with its color and sign."""
    return f'<span class="chip">{swatch(change)}{text(change.capitalize())}</span>'


def swatch(change: Change) -> str:
    look = LOOKS[change]
    return f'<i class="swatch" style="background:{look.css}" aria-hidden="true">{look.sign}</i>'


def figure(image: Image.Image, alternative: str, caption: str) -> str:
    """A picture inside the page. alternative: plain text; caption: HTML."""
    width, height = image.size
    return (
        f'<figure><img src="{data_uri(image)}" width="{width}" height="{height}" alt="{text(alternative)}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def table(headings: Sequence[str], lines: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table of HTML cells. numbers: positions of the columns of numbers."""

    def cell(tag: str, position: int, content: str) -> str:
        return f"<{tag}{' class=number' if position in numbers else ''}>{content}</{tag}>"

    head = "".join(cell("th", i, heading) for i, heading in enumerate(headings))
    body = "".join(f"<tr>{''.join(cell('td', i, c) for i, c in enumerate(line))}</tr>" for line in lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def section(title: str, *content: str, wide: bool = False) -> str:
    """A section with its heading; wide: it is printed on pages that lie across."""
    return f"<section{' class=wide' if wide else ''}><h2>{text(title)}</h2>{''.join(content)}</section>"
