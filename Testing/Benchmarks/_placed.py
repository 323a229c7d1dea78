"""The same image placed otherwise: turned, mirrored, in thick slices; masks there and brought back."""

from collections.abc import Callable

import numpy as np
import SimpleITK as sitk

AXIS, DEGREES = (0.48, 0.6, 0.64), 37.0
THICK_MM = 3.0


def turned(
    image: sitk.Image, outside: float, interpolator: int = sitk.sitkLinear, side_mm: float | None = None
) -> sitk.Image:
    """The same patient on a grid that is turned by 37 degrees about an oblique axis, large enough for all of it.

    A picture (2D) is turned in its plane. outside: value of voxels that the image does not reach; side_mm: of voxels of
    equal sides, where those of the image are not: thick slices that are turned themselves show less.
    """
    n = image.GetDimension()
    turn = (
        sitk.VersorTransform(AXIS, np.deg2rad(DEGREES))
        if n == 3
        else sitk.Euler2DTransform((0, 0), np.deg2rad(DEGREES))
    )
    matrix = np.reshape(turn.GetMatrix(), (n, n))
    spacing, size = np.array(image.GetSpacing()), np.array(image.GetSize())
    direction = np.reshape(image.GetDirection(), (n, n))
    center = np.array(image.TransformContinuousIndexToPhysicalPoint(((size - 1) / 2).tolist()))
    half = np.abs(direction.T @ matrix.T @ direction) @ (size * spacing / 2)
    spacing = spacing if side_mm is None else np.full(n, side_mm)
    count = np.ceil(2 * half / spacing).astype(int)
    axes = matrix @ direction
    origin = center - axes @ ((count - 1) / 2 * spacing)
    return sitk.Resample(
        image,
        count.tolist(),
        sitk.Transform(n, sitk.sitkIdentity),
        interpolator,
        origin.tolist(),
        spacing.tolist(),
        axes.ravel().tolist(),
        outside,
        image.GetPixelID(),
    )


def mirrored(image: sitk.Image) -> sitk.Image:
    """The same patient on a left-handed grid: the first axis runs the other way."""
    array = np.ascontiguousarray(sitk.GetArrayFromImage(image)[..., ::-1])
    result = sitk.GetImageFromArray(array)
    result.SetSpacing(image.GetSpacing())
    n = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (n, n)).copy()
    result.SetOrigin(image.TransformIndexToPhysicalPoint((image.GetWidth() - 1, 0, 0)[:n]))
    direction[:, 0] *= -1
    result.SetDirection(direction.ravel().tolist())
    return result


def thick(image: sitk.Image, millimeters: float = THICK_MM) -> sitk.Image:
    """The same patient in slices of this thickness along the last axis, each the mean of just what it covers."""
    side, slices = image.GetSpacing()[2], image.GetDepth()
    count = max(1, int(slices * side / millimeters + 1e-6))
    first = (slices * side - count * millimeters) / 2
    low, own = first + millimeters * np.arange(count)[:, None], side * np.arange(slices)
    share = np.clip(np.minimum(low + millimeters, own + side) - np.maximum(low, own), 0, None)
    share /= share.sum(axis=1, keepdims=True)
    values = np.tensordot(share.astype(np.float32), sitk.GetArrayViewFromImage(image).astype(np.float32), 1)
    result = sitk.GetImageFromArray(values)
    result.SetSpacing((*image.GetSpacing()[:2], millimeters))
    result.SetDirection(image.GetDirection())
    result.SetOrigin(image.TransformContinuousIndexToPhysicalPoint((0, 0, (first + millimeters / 2) / side - 0.5)))
    return result


def placements(outside: float) -> dict[str, Callable[[sitk.Image], sitk.Image]]:
    """Name -> how the image is placed; 'as it is' comes first."""
    return {
        "as it is": lambda image: image,
        "turned 37 deg": lambda image: turned(image, outside),
        "mirrored": mirrored,
        "3 mm slices": thick,
    }


def brought_back(labels: sitk.Image, image: sitk.Image) -> np.ndarray:
    """Label values (z, y, x) at the voxels of the image as it is."""
    identity = sitk.Transform(image.GetDimension(), sitk.sitkIdentity)
    return sitk.GetArrayFromImage(sitk.Resample(labels, image, identity, sitk.sitkNearestNeighbor, 0))


def ceilings(truth: np.ndarray, image: sitk.Image) -> list[float]:
    """Dice that a mask (z, y, x) on the image's voxels keeps when it is itself placed otherwise and brought back."""
    mask = sitk.GetImageFromArray(truth.astype(np.float32))
    mask.CopyInformation(image)
    return [dice(brought_back(sitk.Greater(place(mask), 0.5), image) > 0, truth) for place in placements(0.0).values()]


def there(mask: np.ndarray, image: sitk.Image, place: Callable[[sitk.Image], sitk.Image]) -> np.ndarray:
    """A mask (z, y, x) on the image's voxels at those of the image placed otherwise: what is more than half in it."""
    soft = sitk.GetImageFromArray(mask.astype(np.float32))
    soft.CopyInformation(image)
    return sitk.GetArrayFromImage(place(soft)) > 0.5


def dice(first: np.ndarray, other: np.ndarray) -> float:
    """Overlap of two masks; 1 when both are empty."""
    total = np.count_nonzero(first) + np.count_nonzero(other)
    return 2 * np.count_nonzero(first & other) / total if total else 1.0
