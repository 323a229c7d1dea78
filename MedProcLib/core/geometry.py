"""Where the voxels of an image are in the patient: size, spacing, origin and direction, always together."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import SimpleITK as sitk

from .errors import InputError
from .progress import SILENT, Progress, execute

# Two grids are the same grid when no corner is further apart than this share of the smallest voxel side.
SAME_GRID_TOLERANCE = 1e-3
# Integer types of a value a voxel, and what holds their values with fractions.
INTEGERS = dict.fromkeys((sitk.sitkUInt8, sitk.sitkInt8, sitk.sitkUInt16, sitk.sitkInt16), sitk.sitkFloat32)
INTEGERS |= dict.fromkeys((sitk.sitkUInt32, sitk.sitkInt32, sitk.sitkUInt64, sitk.sitkInt64), sitk.sitkFloat64)


@dataclass(frozen=True)
class Geometry:
    """Voxel grid of a 2D or 3D image in ITK's convention (LPS, mm; first axis fastest).

    size: voxels per axis; spacing: mm; origin: LPS position of the centre of voxel 0;
    direction: row-major matrix whose columns are the axes' unit vectors (may be left-handed).
    """

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]

    @classmethod
    def of(cls, image: sitk.Image) -> "Geometry":
        return cls(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())

    @property
    def dimension(self) -> int:
        return len(self.size)

    @property
    def voxel_volume(self) -> float:
        """mm3 in 3D, mm2 in 2D."""
        return float(np.prod(self.spacing))

    @property
    def index_to_point(self) -> np.ndarray:
        """Homogeneous matrix (dimension+1 square) from voxel index to LPS mm."""
        n = self.dimension
        matrix = np.eye(n + 1)
        matrix[:n, :n] = np.reshape(self.direction, (n, n)) * np.asarray(self.spacing)
        matrix[:n, n] = self.origin
        return matrix

    def points(self, indices: np.ndarray) -> np.ndarray:
        """LPS positions (n, dimension) in mm of voxel indices (n, dimension), in x, y, z order."""
        matrix = self.index_to_point
        return np.atleast_2d(indices) @ matrix[:-1, :-1].T + matrix[:-1, -1]

    def indices(self, points: np.ndarray) -> np.ndarray:
        """Continuous voxel indices (n, dimension), x, y, z order, of LPS positions (n, dimension) in mm."""
        inverse = np.linalg.inv(self.index_to_point)
        return np.atleast_2d(points) @ inverse[:-1, :-1].T + inverse[:-1, -1]

    def corners(self) -> np.ndarray:
        """LPS positions (2**dimension, dimension) of the corner voxels' centres."""
        ranges = np.array(np.meshgrid(*[(0, n - 1) for n in self.size], indexing="ij"))
        return self.points(ranges.reshape(self.dimension, -1).T)

    @property
    def center(self) -> np.ndarray:
        """LPS position (dimension,) of the grid's centre."""
        return self.points((np.asarray(self.size) - 1) / 2)[0]

    @property
    def extent(self) -> np.ndarray:
        """Side lengths (dimension,) in mm, voxel edges included."""
        return np.asarray(self.size) * np.asarray(self.spacing)

    @property
    def patient_extent(self) -> tuple[float, ...]:
        """Side lengths in mm of a 3D grid from left to right, front to back and feet to head, each of the axis that
        runs nearest to it: of a turned grid not the box around it."""
        along = np.abs(np.reshape(self.direction, (3, 3)))
        order = max(permutations(range(3)), key=lambda axes: sum(along[row, axis] for row, axis in enumerate(axes)))
        return tuple(float(self.extent[axis]) for axis in order)

    def same_grid(self, other: "Geometry") -> bool:
        """True when voxel i of one is at the place of voxel i of the other (to a thousandth of a voxel)."""
        if self.size != other.size:
            return False
        tolerance = SAME_GRID_TOLERANCE * min(min(self.spacing), min(other.spacing))
        return bool(np.abs(self.corners() - other.corners()).max() <= tolerance)

    def empty_image(self, pixel_type: int = sitk.sitkUInt8) -> sitk.Image:
        """An image of zeros on this grid."""
        return self.stamp(sitk.Image(list(self.size), pixel_type))

    def stamp(self, image: sitk.Image) -> sitk.Image:
        """Give an image of this size this grid; returns the same image."""
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)
        return image

    def image_of(self, array: np.ndarray) -> sitk.Image:
        """Image on this grid from an array in z, y, x order (copies)."""
        array = np.ascontiguousarray(array.astype(np.uint8) if array.dtype == bool else array)
        if array.shape != tuple(reversed(self.size)):
            raise InputError(f"Array of shape {array.shape} does not fit a grid of size {self.size} (x, y, z).")
        return self.stamp(sitk.GetImageFromArray(array))

    def as_dict(self) -> dict[str, list[float]]:
        return {
            "size": list(self.size),
            "spacing_mm": list(self.spacing),
            "origin_lps_mm": list(self.origin),
            "direction": list(self.direction),
        }


def require_same_grid(first: sitk.Image, second: sitk.Image, what: str = "the two images") -> None:
    """Raise InputError unless both images have one voxel grid."""
    if not Geometry.of(first).same_grid(Geometry.of(second)):
        raise InputError(
            f"The geometry of {what} differs (size {first.GetSize()} and {second.GetSize()}, spacing "
            f"{_short(first.GetSpacing())} and {_short(second.GetSpacing())} mm, or position): "
            "resample one onto the other first (on the command line with `resample`)."
        )


def require_3d(image: sitk.Image, what: str = "The image") -> None:
    """Raise InputError unless the image is 3D with one value per voxel."""
    require_scalar(image, what)
    if image.GetDimension() != 3:
        raise InputError(f"{what} is {image.GetDimension()}D; a 3D volume is needed.")


def require_scalar(image: sitk.Image, what: str = "The image") -> None:
    """Raise InputError unless the image is 2D or 3D with one real value per voxel and a usable grid."""
    components = image.GetNumberOfComponentsPerPixel()
    if components > 1 or "complex" in image.GetPixelIDTypeAsString():
        raise InputError(
            f"{what} has {max(components, 2)} values per voxel (color, vector or complex); "
            "convert it to a scalar image."
        )
    if image.GetDimension() not in (2, 3):
        raise InputError(
            f"{what} is {image.GetDimension()}D (a time series?); choose one time point of it "
            "(on the command line 'FILE#NUMBER')."
        )
    if min(image.GetSize()) == 0:
        raise InputError(f"{what} has no voxels.")


def resample(
    image: sitk.Image,
    grid: Geometry,
    transform: sitk.Transform | None = None,
    interpolator: int = sitk.sitkLinear,
    default_value: float = 0.0,
    pixel_type: int = sitk.sitkUnknown,
    progress: Progress = SILENT,
) -> sitk.Image:
    """Values of an image at the voxels of a grid.

    transform: maps points of the grid to points of the image (LPS, mm; SimpleITK's convention); None is identity.
    default_value: for grid voxels outside the image. Label maps: use interpolator=sitk.sitkNearestNeighbor.
    pixel_type: of the result, the image's where not given; whole numbers are rounded (ITK cuts their fractions off).
    """
    pixel_type = image.GetPixelID() if pixel_type == sitk.sitkUnknown else pixel_type
    rounded = pixel_type in INTEGERS and interpolator != sitk.sitkNearestNeighbor
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(grid.size)
    resampler.SetOutputSpacing(grid.spacing)
    resampler.SetOutputOrigin(grid.origin)
    resampler.SetOutputDirection(grid.direction)
    resampler.SetTransform(transform or sitk.Transform(grid.dimension, sitk.sitkIdentity))
    resampler.SetInterpolator(interpolator)
    resampler.SetDefaultPixelValue(default_value)
    resampler.SetOutputPixelType(INTEGERS[pixel_type] if rounded else pixel_type)
    made = execute(resampler, image, progress=progress, message="Resampling")
    return sitk.Clamp(sitk.Round(made), pixel_type) if rounded else made


def _short(values: tuple[float, ...]) -> str:
    return " x ".join(f"{value:.3g}" for value in values)
