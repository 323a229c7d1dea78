"""What the labels of a label map are, as its file says, or one that lies beside it.

The first of these that names any: the header of Slicer's segmentation files; MedProc's own record of the result; a
table of the same name that ITK-SNAP, 3D Slicer or FreeSurfer wrote; the tables of a BIDS data set; the header of NIfTI.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from .errors import InputError
from .files import file_of, read_image, sidecar_of, stem
from .label_table import segments_in_table
from .nifti_labels import segments_in_extension
from .recorded import SEGMENTS_KEY, VOXELS_KEY, record_of
from .seg_nrrd import FileSegment, segments_in_file

TABLES = ("{}.ctbl", "{}_ColorTable.ctbl", "{}_ColorTable.csv", "{}.tsv", "{}.txt", "{}.label", "{}.lbl")
# A table of a data set holds for the files below its folder whose names have all its parts (BIDS, inheritance).
BIDS_SUFFIX, BIDS_ROOT, BIDS_LEVELS = "dseg", "dataset_description.json", 5


@dataclass(frozen=True)
class LabelNames:
    """segments: by label value; notes: what a reader should know about where they come from."""

    segments: Mapping[int, FileSegment]
    notes: tuple[str, ...] = ()


def label_names(path: str | Path) -> LabelNames:
    """Of an image file, 'PATH#N' as well; none where nothing names its labels. Raises InputError."""
    file = file_of(path)
    try:
        said = segments_in_file(file)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    if said:
        return LabelNames(said)
    if not file.is_file():
        return LabelNames({})
    recorded = segments_in_record(_record(file))
    changed = recorded and not _are_of(file)
    if recorded and not changed:
        return LabelNames(recorded)
    for table in _tables_of(file):
        said = segments_in_table(table)
        if said:
            return LabelNames(said, (f"{path}: the names of its labels are those in {table}",))
    beside = sidecar_of(file)
    notes = (f"{path}: its voxels are not those whose labels {beside} names: if the names hold, give it with --names",)
    return LabelNames(segments_in_extension(file), notes if changed else ())


def segments_in_record(record: Any) -> dict[int, FileSegment]:
    """The named segments in MedProc's record of how a label map came about; none in anything else."""
    names = record.get(SEGMENTS_KEY) if isinstance(record, Mapping) else None
    if not isinstance(names, Mapping):
        return {}
    return {
        int(label): FileSegment(name)
        for label, name in names.items()
        if label.isdecimal() and isinstance(name, str) and name.strip()
    }


def _record(file: Path) -> dict[str, Any] | None:
    try:
        return record_of(file)
    except InputError:  # somebody else's
        return None


def _are_of(file: Path) -> bool:
    """Whether the voxels are still those of the record beside the file; one in the file goes with its voxels."""
    record = _record(file)
    voxels = record.get(VOXELS_KEY) if record else None
    return sidecar_of(file) is None or voxels == sitk.Hash(read_image(file))


def _tables_of(file: Path) -> Iterator[Path]:
    name = stem(file)
    yield from (file.with_name(each.format(name)) for each in TABLES if file.with_name(each.format(name)).is_file())
    parts = set(name.split("_"))
    if BIDS_SUFFIX not in parts:
        return
    for folder in (file.absolute().parents)[:BIDS_LEVELS]:
        tables = [table for table in folder.glob(f"*{BIDS_SUFFIX}.tsv") if _fits(table, parts)]
        yield from sorted(tables, key=lambda table: (-len(table.stem.split("_")), table.name))
        if (folder / BIDS_ROOT).is_file():
            return


def _fits(table: Path, parts: set[str]) -> bool:
    return set(table.stem.split("_")) <= parts and table.is_file()
