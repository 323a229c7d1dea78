"""Label maps that commands write: voxels, what their labels show, and how they came about."""

from collections.abc import Mapping

import SimpleITK as sitk

from ..core.provenance import Provenance
from ..core.recorded import write_result
from ..core.seg_nrrd import is_segmentation_file, named_labels, segment_headers
from ..core.structure import Structure
from ..scene.terminology import entry_of, terminology_text


def write_labels(labels: sitk.Image, target: str, provenance: Provenance, shown: Mapping[int, Structure]) -> None:
    """Write a label map whole or not at all; a segmentation file of Slicer with names, colors and codes.

    shown: structures by label value, 0 for all others. Raises InputError as write_result.
    """
    headers = {}
    if is_segmentation_file(target):
        terms = {value: terminology_text(entry_of(each)) for value, each in shown.items()}
        headers = segment_headers(labels, shown, terms)
    named = named_labels(labels, shown) if shown else {}
    write_result(labels, target, provenance, headers, {value: each.name for value, each in named.items()})
