"""Tables as Excel workbooks (ECMA-376), whose numbers a spreadsheet reads whatever its country's decimal mark is."""

import io
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from .errors import InputError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # the second style is that of the header: bold
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs><cellStyles count="1">'
    '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
LONGEST = 32_767  # characters that a cell may hold
WIDEST = 40  # of a column, in characters
# What XML 1.0 does not allow in a text.
NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xlsx_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]], sheet: str = "Measurements") -> bytes:
    """A workbook of one sheet: a header and rows of values. The same table gives the same bytes.

    None and NaN become empty cells, other numbers are as csv_text has them; text is never taken for a formula.
    Raises InputError for more than a sheet holds.
    """
    lines = [list(columns), *map(list, rows)]
    if len(lines) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        raise InputError(
            f"An Excel sheet holds {MOST_ROWS} rows and {MOST_COLUMNS} columns: write a .csv file instead."
        )
    if any(len(line) != len(columns) for line in lines):
        raise ValueError(f"Not every row has {len(columns)} values.")
    workbook = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name={quoteattr(sheet)} sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**PARTS, "xl/workbook.xml": workbook, "xl/worksheets/sheet1.xml": _sheet(lines)}.items():
            part = zipfile.ZipInfo(name)  # of 1980, whenever it is written
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, HEAD + text)
    return written.getvalue()


def _sheet(lines: Sequence[Sequence[Any]]) -> str:
    widths = [min(WIDEST, 2 + max(len(_shown(value)) for value in column)) for column in zip(*lines, strict=True)]
    columns = "".join(f'<col min="{n}" max="{n}" width="{w}" customWidth="1"/>' for n, w in enumerate(widths, 1))
    rows = "".join(
        f'<row r="{number}">{"".join(_cell(value, number == 1) for value in line)}</row>'
        for number, line in enumerate(lines, 1)
    )
    return (
        f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"{f'<cols>{columns}</cols>' if columns else ''}<sheetData>{rows}</sheetData></worksheet>"
    )


def _cell(value: Any, bold: bool) -> str:
    style = ' s="1"' if bold else ""
    text = _shown(value)
    if not text:
        return f"<c{style}/>"
    if isinstance(value, bool | np.bool_):
        return f'<c{style} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str) or not math.isfinite(value):
        return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
    return f"<c{style}><v>{text}</v></c>"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return NO_TEXT.sub("", value)[:LONGEST]
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).upper()
    if math.isnan(value):
        return ""
    return str(int(value)) if isinstance(value, int | np.integer) else format(float(value), ".10g")
