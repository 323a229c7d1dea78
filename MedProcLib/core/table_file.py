"""Tables as files, of the kind that the ending of their name says: CSV, TSV or an Excel workbook."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .csv_text import csv_text
from .errors import InputError
from .xlsx import xlsx_bytes

DELIMITERS = {"csv": ",", "tsv": "\t"}
KINDS = (*DELIMITERS, "xlsx")


def kind_of_table(path: str | Path) -> str:
    """One of KINDS. Raises InputError for a name that ends otherwise."""
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise InputError(f"{path} is no table: end it in .csv, .tsv or .xlsx.")
    return kind


def table_data(kind: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """What a file of a kind (one of KINDS) holds; see csv_text and xlsx_bytes."""
    if kind == "xlsx":
        return xlsx_bytes(columns, rows)
    return csv_text(columns, rows, DELIMITERS[kind]).encode("utf-8")
