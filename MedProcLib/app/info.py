"""`info`: what an image is, as JSON."""

import json
from argparse import Namespace
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.files import read_image_file
from ..core.geometry import Geometry
from ..core.progress import Progress
from ..core.recorded import record_of
from ..core.units import shown
from .inputs import unit_of_file


def run(arguments: Namespace, progress: Progress) -> None:
    found = read_image_file(arguments.image, unscaled=True)
    image, unit = found.image, unit_of_file(found)
    print(
        json.dumps(
            {
                "file": found.source,
                "format": found.kind,
                "modality": found.modality or None,
                "date": found.date.isoformat() if found.date else None,
                "dimension": image.GetDimension(),
                **Geometry.of(image).as_dict(),
                "pixel_type": image.GetPixelIDTypeAsString(),
                "values_per_voxel": image.GetNumberOfComponentsPerPixel(),
                **_values(image),
                "unit": shown(unit) or None,
                "provenance": record_of(arguments.image),
                "notes": list(found.notes),
            },
            indent=2,
            ensure_ascii=False,
        )
    )


def _values(image: sitk.Image) -> dict[str, Any]:
    """Range and mean of the finite values, None where there is none."""
    array = sitk.GetArrayViewFromImage(image)
    finite = array[np.isfinite(array)] if array.dtype.kind in "fc" else array
    if finite.size == 0 or array.dtype.kind == "c":
        return {"minimum": None, "maximum": None, "mean": None, "not_finite_voxels": int(array.size - finite.size)}
    return {
        "minimum": finite.min().item(),
        "maximum": finite.max().item(),
        "mean": float(finite.mean(dtype=np.float64)),
        "not_finite_voxels": int(array.size - finite.size),
    }
