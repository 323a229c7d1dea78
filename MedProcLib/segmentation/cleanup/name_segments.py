"""Say what the segments show."""

import re
from typing import Annotated

from ...core.errors import InputError
from ...core.operation import operation
from ...core.progress import SILENT
from ..structures import structure


@operation(
    "segmentation.name_segments",
    title="Name the segments",
    gives="labels",
    source="DICOM PS3.16 (codes of structures)",
)
class NameSegments:
    """Say which structure each segment shows: its name, color and code come from that. The voxels stay as they are.

    Written as numbers and structures: `1: lung_right, 2: lung_left`; `*: lesion` stands for all others.
    """

    names: Annotated[str, "which segment is which structure, such as '1: bone' or '*: lesion'"] = "*: lesion"

    @property
    def structures(self) -> dict[int, str]:
        """Structure keys by label value; 0 stands for all others. Raises InputError."""
        return parse_names(self.names)

    def __call__(self, labels, progress=SILENT):
        parse_names(self.names)
        return labels


def parse_names(text: str) -> dict[int, str]:
    """'1: bone, *: lesion' as {1: 'bone', 0: 'lesion'}. Raises InputError saying how it is written."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"(\d+|\*)\s*:\s*(\w+)", part)
        if match is None:
            raise InputError(f"'{part}' does not name a segment: write '1: bone, 2: muscle', or '*: lesion'.")
        structure(match[2])
        found[0 if match[1] == "*" else int(match[1])] = match[2]
    return found
