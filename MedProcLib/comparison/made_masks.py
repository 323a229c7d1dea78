"""Masks that steps made of studies alone, kept so that a comparison that is made again need not make them again."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk

from .. import __version__
from ..core.geometry import Geometry
from ..core.recipe import Recipe


def made_of(image: sitk.Image, recipe: Recipe) -> str:
    """What a mask was made of: a digest of the voxels and the geometry of an image, of the recipe, and of the version
    of this program. Any other image, recipe or version has another one."""
    digest = hashlib.sha256(np.ascontiguousarray(sitk.GetArrayViewFromImage(image)).data)
    about = [__version__, repr(Geometry.of(image)), image.GetPixelIDTypeAsString(), recipe.as_dict()]
    digest.update(json.dumps(about, sort_keys=True).encode())
    return digest.hexdigest()


def makes_one(steps: Sequence[tuple[int, Any]]) -> bool:
    """Whether just one of the steps (number, operation) that run on a study alone gives a mask, of the image alone and
    nothing else, and none before it would look in a mask that is there already."""
    giving = [place for place, (_, op) in enumerate(steps) if "mask" in op.declaration.gives]
    if len(giving) != 1:
        return False
    *before, maker = (op.declaration for _, op in steps[: giving[0] + 1])
    takes = {name for each in before for name in each.inputs + each.optional_inputs}
    return bool(maker.gives == ("mask",) and maker.inputs == ("image",) and "mask" not in takes)
