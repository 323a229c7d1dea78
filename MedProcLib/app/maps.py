"""Maps that steps give besides a segmentation, as files of a folder."""

from collections.abc import Mapping
from pathlib import Path

import SimpleITK as sitk

from ..core.atomic import whole_folder
from ..core.files import write_image
from ..core.provenance import Provenance


def write_maps(maps: Mapping[str, sitk.Image], folder: Path, provenance: Provenance) -> str:
    """Write each map to NAME.nrrd, all together or none; returns what to tell."""
    with whole_folder(folder) as hidden:
        for name, image in maps.items():
            write_image(image, hidden / f"{name}.nrrd", provenance.to_json())
    return f"Maps, {', '.join(maps)}: {folder}"
