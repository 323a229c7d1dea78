"""Lines of text of which some lead somewhere when they are clicked."""

import html
from collections.abc import Callable, Sequence
from typing import Any

import qt

from .wrapped_label import show_wrapped


def link_label(clicked: Callable[[str], None]) -> Any:
    """A QLabel; clicked(target): called with that of the line that was clicked."""
    label = qt.QLabel()
    label.wordWrap = True
    label.textFormat = qt.Qt.RichText
    label.textInteractionFlags = qt.Qt.TextBrowserInteraction
    label.connect("linkActivated(QString)", clicked)
    return label


def show_links(label: Any, lines: Sequence[tuple[str, str]]) -> None:
    """Show lines of (text, target); a line without target is plain, one without text is left out."""
    shown = [_line(text, target) for text, target in lines if text]
    show_wrapped(label, "<br>".join(shown))


def _line(text: str, target: str) -> str:
    return f'<a href="{html.escape(target)}">{html.escape(text)}</a>' if target else html.escape(text)
