"""Names of labels in the header of a NIfTI file: the label table of Caret, as TotalSegmentator writes it too."""

import html
import re
import struct
from pathlib import Path

from .errors import InputError
from .nifti_header import opened, read_nifti_header
from .seg_nrrd import FileSegment, color_in

LARGEST_EXTENSIONS = 1 << 22  # bytes
LABEL = re.compile(r"<Label\s([^<>]*)>\s*(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))\s*</Label>", re.DOTALL)
ATTRIBUTE = re.compile(r'(\w+)\s*=\s*"([^"]*)"')


def segments_in_extension(path: Path) -> dict[int, FileSegment]:
    """Named segments by label value; none where the header holds no such table, or cannot be read."""
    try:
        offset = read_nifti_header(path).data_offset
        with opened(path) as file:
            text = file.read(min(offset, LARGEST_EXTENSIONS)).decode("utf-8", "replace")
    except (InputError, ValueError, OSError, EOFError, struct.error):
        return {}
    found = {}
    for said, raw, plain in LABEL.findall(text.partition("<LabelTable>")[2].partition("</LabelTable>")[0]):
        attributes = dict(ATTRIBUTE.findall(said))
        name = " ".join((raw or html.unescape(plain)).split())
        if name and attributes.get("Key", "").isdecimal() and int(attributes["Key"]):
            color = color_in([attributes.get(part, "") for part in ("Red", "Green", "Blue")])
            found[int(attributes["Key"])] = FileSegment(name, color)
    return found
