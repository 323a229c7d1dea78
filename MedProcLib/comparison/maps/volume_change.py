"""Local volume change of a deformation, as maps and summed over the regions."""

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.progress import SILENT
from ...core.voxels import inside
from ...quantification.row import Row
from .jacobian import Jacobian, jacobian
from .regions import regions_of, require_one_grid

# The logarithm is limited to this change of volume, up or down: a fold has none.
MOST_CHANGE = 100.0


@operation(
    "comparison.volume_change_map",
    title="Volume change map (Jacobian)",
    gives=("maps", "table"),
    dimensions=(3,),
    source="Davatzikos et al., J. Comput. Assist. Tomogr. 20(1), 1996 (Jacobian determinant of a deformation); Leow et "
    "al., IEEE TMI 26(6), 2007 (logarithm); Liu et al., IJCV 132, 2024 (folding)",
)
class VolumeChangeMap:
    """Jacobian determinant of the transform from the first study to the other, its logarithm and the change in %.

    1 is no change, 2 is that tissue has twice the volume in the other study. The sum over a segment is its volume in
    the other study. Takes the first study's image on its own grid and any transform: affine, B-spline, displacement
    field. Where the transform folds space its figures mean nothing; the table says how many voxels that are.
    """

    def __call__(self, fixed, transform, fixed_mask=None, fixed_labels=None, progress=SILENT):
        require_one_grid(fixed, fixed_mask, fixed_labels)
        grid = Geometry.of(fixed)
        found = jacobian(transform, grid, progress)
        region = inside(fixed_mask, np.ones(found.determinant.shape, bool))
        rows = [
            Row(label, name, None, volume_figures(found, part, grid.voxel_volume))
            for label, name, part in regions_of(region, fixed_labels)
        ]
        determinant = np.where(region, found.determinant, 1).astype(np.float32)
        maps: dict[str, sitk.Image] = {
            "jacobian_determinant": grid.image_of(determinant),
            "log_jacobian": grid.image_of(_logarithm(determinant)),
            "volume_change_percent": grid.image_of(100 * (determinant - 1)),
        }
        return maps, rows


def volume_figures(found: Jacobian, part: np.ndarray, voxel_volume: float) -> tuple[Measurement, ...]:
    """Volume of a part (z, y, x, not empty) in both studies, its change, and how many of its voxels fold."""
    values = found.determinant[part].astype(np.float64)
    first, other = values.size * voxel_volume, float(values.sum()) * voxel_volume
    low, high = np.percentile(values, (5, 95))
    figures = (
        ("volume_first", first, "mm3"),
        ("volume_other", other, "mm3"),
        ("volume_change", other - first, "mm3"),
        ("relative_volume_change", 100 * (other / first - 1), "%"),
        ("mean_log_jacobian", float(_logarithm(values).mean()), ""),
        ("jacobian_p5", float(low), ""),
        ("jacobian_p95", float(high), ""),
        ("folded_voxels", float(np.count_nonzero(found.folded[part])), "voxels"),
    )
    how = {"log_limited_to": f"{1 / MOST_CHANGE:g}..{MOST_CHANGE:g}"}
    return tuple(Measurement(n, v, unit, None, how if n == "mean_log_jacobian" else {}) for n, v, unit in figures)


def _logarithm(determinant: np.ndarray) -> np.ndarray:
    return np.log(np.clip(determinant, 1 / MOST_CHANGE, MOST_CHANGE))
