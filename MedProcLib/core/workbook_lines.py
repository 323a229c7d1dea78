"""The first sheet of an Excel workbook (ECMA-376) as lines of text cells."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree import ElementTree

from .errors import InputError
from .xlsx import MAIN, OFFICE, RELATIONS

LARGEST_BYTES = 500_000_000  # of all that is unpacked
MOST_CELLS = 20_000_000
CELL = re.compile(r"([A-Z]{1,3})\d+")


def workbook_lines(content: bytes) -> list[list[str]]:
    """Lines of a workbook's first sheet, each as long as the longest; empty and faulty cells are ''.

    Formulas count as the values they had when the workbook was saved. Raises InputError for what is no workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_BYTES:
                raise InputError(f"This workbook holds more than {LARGEST_BYTES // 10**6} MB: save it as CSV.")
            texts = _shared_texts(archive)
            lines = list(_lines(_parsed(archive, _first_sheet(archive)), texts))
    except (zipfile.BadZipFile, KeyError, IndexError, ValueError, NotImplementedError, RuntimeError) as error:
        raise InputError("This is not an Excel workbook, or it is damaged or locked: save it as CSV.") from error
    width = max(map(len, lines), default=0)
    if width * len(lines) > MOST_CELLS:
        raise InputError(f"This sheet has more than {MOST_CELLS} cells: save it as CSV.")
    return [line + [""] * (width - len(line)) for line in lines]


def _first_sheet(archive: zipfile.ZipFile) -> str:
    sheet = _parsed(archive, "xl/workbook.xml").find(f".//{{{MAIN}}}sheet")
    wanted = sheet.get(f"{{{OFFICE}}}id") if sheet is not None else None
    for relation in _parsed(archive, "xl/_rels/workbook.xml.rels").iter(f"{{{RELATIONS}}}Relationship"):
        if relation.get("Id") == wanted:
            return str(PurePosixPath("/xl") / relation.attrib["Target"]).lstrip("/")
    raise KeyError(wanted)


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    """Texts that cells refer to by number."""
    name = "xl/sharedStrings.xml"
    return [_text(one) for one in _parsed(archive, name)] if name in archive.namelist() else []


def _lines(sheet: ElementTree.Element, texts: list[str]) -> Iterator[list[str]]:
    for row in sheet.iter(f"{{{MAIN}}}row"):
        line: list[str] = []
        for cell in row:
            place = CELL.fullmatch(cell.get("r", ""))
            if place:  # cells without content may be left out
                line += [""] * (_column(place[1]) - len(line))
            line.append(_value(cell, texts))
        while line and not line[-1]:  # a frame or a color alone is no cell of the table
            line.pop()
        yield line


def _value(cell: ElementTree.Element, texts: list[str]) -> str:
    kind, value = cell.get("t", "n"), cell.findtext(f"{{{MAIN}}}v") or ""
    if kind == "inlineStr":
        return _text(cell)
    if kind == "s":
        return texts[int(value)]
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    return "" if kind == "e" else value


def _text(element: ElementTree.Element) -> str:
    """Its text, of all runs; how it is read aloud, which is of <rPh>, is left out."""
    runs = [element, *element.iter(f"{{{MAIN}}}is"), *element.iter(f"{{{MAIN}}}r")]
    return "".join(one.text or "" for run in runs for one in run.findall(f"{{{MAIN}}}t"))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _parsed(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    text = archive.read(name)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # which no workbook has, and entities may multiply
        raise ValueError(name)
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(name) from error
