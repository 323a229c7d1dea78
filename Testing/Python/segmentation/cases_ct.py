"""Cases of the operations that look for anatomy in CT."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry

from .case import Case
from .torso import SIZE, SPACING, abdomen, torso, truth


def in_each(*names: str):
    """Maker of seeds: a voxel in the middle of each of these structures of the abdomen, from 1 on."""

    def seeds(image: sitk.Image) -> sitk.Image:
        values = np.zeros(tuple(reversed(image.GetSize())), np.uint8)
        at = truth(image)
        for number, name in enumerate(names, 1):
            where = np.argwhere(np.broadcast_to(at[name], values.shape))
            if len(where):
                values[tuple(np.rint(where.mean(axis=0)).astype(int))] = number
        return Geometry.of(image).image_of(values)

    return seeds


# HU are no free scale, and the patient's axes matter to what is worked out along them.
TORSO = {
    "image": torso,
    "size": SIZE,
    "spacing": SPACING,
    "flat": False,
    "scale_free": False,
    "slow": True,
    "share": 0.06,
}

CASES = {
    "segmentation.ct_lungs": [Case(**TORSO)],
    "segmentation.ct_bones": [Case(**TORSO)],
    "segmentation.ct_table": [Case(**TORSO)],
    "segmentation.ct_fat_muscle": [Case(**TORSO)],
    "segmentation.ct_liver": [Case(**{**TORSO, "image": abdomen})],
    "segmentation.ct_kidneys": [
        # turned, the organ is cut from its neighbors elsewhere: 0.12 of the voxels differ
        Case(**{**TORSO, "image": abdomen, "share": 0.15}, things={"seeds": in_each("kidney_right", "kidney_left")})
    ],
    # walls of a voxel, seen on another grid: 0.16 of the voxels differ
    "segmentation.airways": [Case(**{**TORSO, "share": 0.2})],
    "segmentation.body_mask": [Case(share=0.02), Case(**TORSO)],
}
