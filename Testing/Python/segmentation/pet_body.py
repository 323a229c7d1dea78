"""A body in PET: trunk, legs and head with uptake of 0.8 SUV, organs and lesions as balls."""

import numpy as np
import SimpleITK as sitk

SPACING = 6.0
# name: (height 0 crotch 1 neck, side -1 right 1 left, depth 0 front 1 back, radius mm, SUV)
ORGANS = {
    "bladder": (0.2, 0.0, 0.4, 24, 20.0),
    "kidney right": (0.5, -0.4, 0.75, 24, 6.0),
    "kidney left": (0.52, 0.4, 0.75, 24, 6.0),
    "heart": (0.74, 0.2, 0.35, 30, 8.0),
    "brain": (1.25, 0.0, 0.5, 30, 9.0),
}
LESIONS = {"thigh": (-0.15, 0.5, 0.5, 24, 7.0), "lung right": (0.75, -0.5, 0.75, 18, 5.0)}
LEGS, TRUNK, HEAD = 22, 90, 30  # slices
SIZE = (64, 40, LEGS + TRUNK + HEAD)


def pet_body(size=SIZE, spacing=None) -> sitk.Image:
    """The image (SUV, float32); size and spacing are always the same, since organs have places."""
    z, y, x = np.mgrid[: SIZE[2], : SIZE[1], : SIZE[0]].astype(float)
    across, deep = (x - 31.5) / 26, (y - 19.5) / 15
    trunk = (across**2 + deep**2 < 1) & (z >= LEGS) & (z < LEGS + TRUNK)
    legs = (((x - 19) / 10) ** 2 + ((y - 19.5) / 11) ** 2 < 1) | (((x - 44) / 10) ** 2 + ((y - 19.5) / 11) ** 2 < 1)
    head = (((x - 31.5) / 12) ** 2 + ((y - 19.5) / 13) ** 2 < 1) & (z >= LEGS + TRUNK)
    values = 0.8 * (trunk | (legs & (z < LEGS)) | head)
    for place in (*ORGANS.values(), *LESIONS.values()):
        values[_ball(place, x, y, z)] = place[4]
    values += np.random.default_rng(1).normal(0, 0.05, values.shape)
    image = sitk.GetImageFromArray(np.clip(values, 0, None).astype(np.float32))
    image.SetSpacing((SPACING,) * 3)
    return image


def pet_labels(image: sitk.Image) -> sitk.Image:
    """The organs and lesions as segments, in the order of ORGANS, then LESIONS."""
    if image.GetSize() != SIZE:
        return sitk.Cast(image * 0 + 1, sitk.sitkUInt8)
    z, y, x = np.mgrid[: SIZE[2], : SIZE[1], : SIZE[0]].astype(float)
    labels = np.zeros(z.shape, np.uint8)
    for number, place in enumerate((*ORGANS.values(), *LESIONS.values()), 1):
        labels[_ball(place, x, y, z)] = number
    result = sitk.GetImageFromArray(labels)
    result.CopyInformation(image)
    return result


def _ball(place, x, y, z):
    height, side, depth, radius, _ = place
    center = (31.5 + 26 * side, 4.5 + 30 * depth, LEGS + TRUNK * height)
    return (x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2 < (radius / SPACING) ** 2
