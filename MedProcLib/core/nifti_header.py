"""What the NIfTI-1/-2 header says (Cox et al., 2004; nifti.nimh.nih.gov), checked before ITK reads the file.

ITK replaces a zero spacing by 1 and values that are not finite by 0, takes a truncated file for whole, and ignores a
sheared or rescaled sform.
"""

import gzip
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import SimpleITK as sitk

from .data_size import require_complete
from .errors import InputError
from .geometry import Geometry

FLOAT_TYPES = {16: "f4", 64: "f8"}
SPACE_UNITS = {0: "", 1: "m", 2: "mm", 3: "um"}
# ITK's matrix is made orthonormal, and files keep four decimals: grids closer than this share of a voxel agree.
AGREEMENT = 0.1
QUATERNION_RADIANS = 1e-3


@dataclass(frozen=True)
class NiftiHeader:
    """dim: as stored (dim[0] is the number of axes); spacing in mm of the first three axes; affines voxel -> RAS mm.

    data_type: numpy's name where voxels are real floating-point numbers, else None; added: what ITK adds to values that
    the header does not scale.
    """

    path: Path
    dim: tuple[int, ...]
    spacing: tuple[float, ...]
    unit: str
    qform: np.ndarray | None
    sform: np.ndarray | None
    data_type: str | None
    data_bytes: int
    data_offset: int
    added: float = 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        notes = []
        if self.qform is None and self.sform is None:
            notes.append("the header gives no position or orientation: axes are taken as left, posterior, superior")
        if not self.unit:
            notes.append("the header gives no unit of length: mm is assumed")
        if self.added:
            notes.append(
                f"scl_slope is 0, by which values are as stored; {self.added:g} (scl_inter) was added, as in Slicer"
            )
        return tuple(notes)


def read_nifti_header(path: Path) -> NiftiHeader:
    """Parse and check the header. Raises InputError for what cannot be used or would be misread."""
    start = _start_of(path)
    order, version = _order_and_version(path, start)
    if version == 1:
        dim = struct.unpack_from(order + "8h", start, 40)
        code, bits = struct.unpack_from(order + "2h", start, 70)
        pixdim = struct.unpack_from(order + "8f", start, 76)
        offset = int(struct.unpack_from(order + "f", start, 108)[0])
        slope, inter = struct.unpack_from(order + "2f", start, 112)
        units, codes, forms = start[123], struct.unpack_from(order + "2h", start, 252), (256, 280, "f")
    else:
        dim = struct.unpack_from(order + "8q", start, 16)
        code, bits = struct.unpack_from(order + "2h", start, 12)
        pixdim = struct.unpack_from(order + "8d", start, 104)
        offset = struct.unpack_from(order + "q", start, 168)[0]
        slope, inter = struct.unpack_from(order + "2d", start, 176)
        units = struct.unpack_from(order + "i", start, 500)[0]
        codes, forms = struct.unpack_from(order + "2i", start, 344), (352, 400, "d")
    if not 1 <= dim[0] <= 7 or min(dim[1 : dim[0] + 1]) < 1:
        raise InputError(f"{path}: the size in the NIfTI header is {list(dim[1:])}; the file is damaged.")
    axes = min(dim[0], 3)
    spacing = pixdim[1 : axes + 1]
    if not all(np.isfinite(spacing)) or min(spacing) <= 0:
        raise InputError(
            f"{path}: the spacing in the NIfTI header is {_listed(spacing)}; all must be above 0: "
            "correct pixdim from the scan protocol."
        )
    if units & 7 not in SPACE_UNITS:
        raise InputError(f"{path}: the NIfTI header gives an unknown unit of length (code {units & 7}); set it to mm.")
    unit = SPACE_UNITS[units & 7]
    scale = {"m": 1000.0, "um": 0.001}.get(unit, 1.0)
    quaternion, rows, kind = forms
    qform = _qform(struct.unpack_from(order + "6" + kind, start, quaternion), pixdim) if codes[0] > 0 else None
    sform = np.eye(4)
    sform[:3] = np.reshape(struct.unpack_from(order + "12" + kind, start, rows), (3, 4))
    to_mm = np.diag((scale, scale, scale, 1.0))
    header = NiftiHeader(
        path,
        dim,
        tuple(value * scale for value in spacing),
        unit,
        None if qform is None else to_mm @ qform,
        to_mm @ sform if codes[1] > 0 else None,
        order + FLOAT_TYPES[code] if code in FLOAT_TYPES else None,
        int(np.prod([int(n) for n in dim[1 : dim[0] + 1]])) * bits // 8,
        offset,
        inter if slope == 0 and np.isfinite(inter) else 0.0,
    )
    require_complete(_voxel_file(path), header.data_offset + header.data_bytes)
    return header


def require_position(header: NiftiHeader, image: sitk.Image) -> tuple[str, ...]:
    """Notes on the position ITK read. Raises InputError where it is not what the header says."""
    if header.sform is None and header.qform is None:
        return ()
    read = _affine_of(image)
    size = np.array((*(int(n) for n in header.dim[1 : min(header.dim[0], 3) + 1]), 1, 1)[:3])
    smallest = min(header.spacing)
    away = {
        name: _largest_distance(read, affine, size)
        for name, affine in (("qform", header.qform), ("sform", header.sform))
        if affine is not None
    }
    if "sform" in away and away["sform"] > AGREEMENT * smallest:
        if _same_but_rigid(header.sform, header.spacing, size):
            return (f"the header holds two positions (sform is {away['sform']:.3g} mm from qform): qform is used",)
        raise InputError(
            f"{header.path}: the sform of the NIfTI header is sheared, or scaled other than its spacing "
            f"({_listed(header.spacing)} mm), by up to {away['sform']:.3g} mm: resample the image onto a "
            "grid with right angles, or correct the header."
        )
    if "sform" not in away and away["qform"] > AGREEMENT * smallest:
        raise InputError(
            f"{header.path}: the qform of the NIfTI header cannot be read as a rotation; correct the header."
        )
    # near a half turn the quaternion's 32-bit numbers leave the angle uncertain
    uncertain = QUATERNION_RADIANS * float(np.linalg.norm(size * np.linalg.norm(read[:3, :3], axis=0)))
    if away.get("qform", 0.0) > AGREEMENT * smallest + uncertain:
        return (f"the header holds two positions (qform is {away['qform']:.3g} mm from sform): sform is used",)
    return ()


def restore_non_finite(header: NiftiHeader, image: sitk.Image) -> sitk.Image:
    """The image with the NaN and infinite values of the file, in place of which ITK has read 0."""
    if header.data_type is None or image.GetNumberOfComponentsPerPixel() > 1:
        return image
    path = _voxel_file(header.path)
    with opened(path) as file:
        file.seek(header.data_offset)
        stored = np.frombuffer(file.read(header.data_bytes), header.data_type)
    odd = ~np.isfinite(stored)
    if not odd.any() or stored.size != image.GetNumberOfPixels():
        return image
    values = sitk.GetArrayFromImage(image).astype(stored.dtype.newbyteorder("="), copy=False)
    values.ravel()[odd] = stored[odd]
    restored = sitk.GetImageFromArray(values)
    restored.CopyInformation(image)
    return restored


def opened(path: Path) -> IO[bytes]:
    """The file as it was before it was packed, if it is packed."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


def _start_of(path: Path) -> bytes:
    """The header's bytes. Raises InputError for a damaged gzip file."""
    try:
        with opened(path) as file:
            return file.read(544).ljust(544, b"\0")
    except (EOFError, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is damaged or truncated ({error}); copy it again from its source.") from None


def _order_and_version(path: Path, start: bytes) -> tuple[str, int]:
    for order in "<>":
        length = struct.unpack_from(order + "i", start, 0)[0]
        if length == 348 and start[344:347] in (b"n+1", b"ni1"):
            return order, 1
        if length == 540 and start[4:7] in (b"n+2", b"ni2"):
            return order, 2
        if length == 348:
            raise InputError(f"{path} is an Analyze file, which gives no orientation: convert it to NIfTI or NRRD.")
    raise InputError(f"{path} is not a NIfTI file, or its header is damaged.")


def _qform(values: tuple[float, ...], pixdim: tuple[float, ...]) -> np.ndarray:
    b, c, d = values[:3]
    a = np.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = rotation * np.array((pixdim[1], pixdim[2], pixdim[3] * (-1 if pixdim[0] < 0 else 1)))
    affine[:3, 3] = values[3:6]
    return affine


def _affine_of(image: sitk.Image) -> np.ndarray:
    """Voxel -> RAS mm of the image's first three axes."""
    matrix = Geometry.of(image).index_to_point
    n = min(image.GetDimension(), 3)
    affine = np.eye(4)
    affine[:n, :n], affine[:n, 3] = matrix[:n, :n], matrix[:n, -1]
    return np.diag((-1.0, -1.0, 1.0, 1.0)) @ affine


def _largest_distance(first: np.ndarray, second: np.ndarray, size: np.ndarray) -> float:
    """In mm, between the places of the same corner voxels."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in size], indexing="ij")).reshape(3, -1)
    difference = (first - second)[:3]
    return float(np.linalg.norm(difference[:, :3] @ corners + difference[:, 3:], axis=0).max())


def _same_but_rigid(affine: np.ndarray | None, spacing: tuple[float, ...], size: np.ndarray) -> bool:
    """Whether the affine is a rotation of axes with this spacing."""
    if affine is None or len(spacing) < 3:
        return False
    axes = affine[:3, :3] / np.array(spacing)
    return bool((np.abs(axes.T @ axes - np.eye(3)) * size).max() <= AGREEMENT)


def _voxel_file(path: Path) -> Path:
    """The file itself, or the .img beside a .hdr."""
    if not path.name.endswith((".hdr", ".hdr.gz")):
        return path
    data = path.with_name(path.name.replace(".hdr", ".img"))
    if not data.exists():
        raise InputError(f"{path}: its voxel file {data.name} is missing; copy both files.")
    return data


def _listed(values: tuple[float, ...]) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
