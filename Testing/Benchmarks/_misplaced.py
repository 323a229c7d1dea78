"""Images moved by a known rigid transform and scanned again: another grid, other voxels, noise."""

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.resolution import blurred_by, positive
from MedProcLib.core.geometry import Geometry, resample

SPACINGS = ((0.72, 0.72, 4.0), (0.9, 0.9, 3.0), (1.2, 1.0, 1.2), (0.8, 5.0, 0.8))
COIL_MM = np.array([230, 230, 190])
# what part of the field of view is left, along the body
FIELDS = {"half": 0.5, "quarter": 0.25}


def misplaced(image: sitk.Image, seed: int, hard: str = "") -> tuple[np.ndarray, sitk.Image]:
    """(4 x 4 matrix image -> moved, the image moved by it, sampled on another grid, with noise).

    To 30 degrees about any axis and 40 mm. The grid is tilted, every third one left-handed, some voxels are 5 mm long.
    hard: 'turned' (35 to 70 degrees), 'near' (to 10 degrees and 20 mm), 'half' or 'quarter' of the field of view, or a
    single 'slice' of 5 mm.
    """
    random = np.random.default_rng(seed)
    own = Geometry.of(image)
    axis = random.normal(size=3)
    angle = np.radians(random.uniform(-30, 30))
    if hard == "turned":
        angle = np.sign(angle) * np.radians(random.uniform(35, 70))
    shift = random.normal(size=3)
    shift *= random.uniform(0, 40) / np.linalg.norm(shift)
    if hard == "near":
        angle, shift = angle / 3, shift / 2
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    matrix[:3, 3] = own.center + shift - matrix[:3, :3] @ own.center
    spacing = np.array(SPACINGS[seed % len(SPACINGS)])
    direction = Rotation.from_rotvec(np.radians(random.uniform(-8, 8, 3))).as_matrix()
    if seed % 3 == 2:
        direction[:, 0] *= -1
    # a field of view around the place where the body now is, give or take a centimetre: a head coil's, or the image's
    extent = np.maximum(COIL_MM, own.extent) if own.extent.max() > 300 else COIL_MM
    if own.extent.max() > 300:
        spacing = np.maximum(spacing, 3.0)
    extent = extent * [1, 1, FIELDS.get(hard, 1.0)]
    if hard == "slice":
        spacing, extent = np.array([1.0, 1.0, 5.0]), np.array([extent[0], extent[1], 5.0])
    size = np.ceil(extent / spacing - 1e-6).astype(int)
    center = own.center + shift + random.uniform(-10, 10, 3)
    origin = center - direction @ ((size - 1) / 2 * spacing)
    grid = Geometry(
        tuple(int(n) for n in size), tuple(spacing.tolist()), tuple(origin.tolist()), tuple(direction.ravel().tolist())
    )
    # each voxel is the mean of what it covers, as in a scanner
    there = np.linalg.inv(matrix)
    wider = direction * spacing, np.reshape(own.direction, (3, 3)) * own.spacing
    covered, held = (axes @ axes.T / 12 for axes in (there[:3, :3] @ wider[0], wider[1]))
    moved = resample(blurred_by(image, positive(covered - held)), grid, transform_of(there), sitk.sitkBSpline3)
    values = sitk.GetArrayFromImage(moved)
    noise = 0.03 * np.percentile(values, 99)
    return matrix, grid.image_of((values * 1.4 + random.normal(0, noise, values.shape)).astype(np.float32))
