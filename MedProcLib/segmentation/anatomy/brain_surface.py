"""The surface of the brain as a balloon that grows from its middle until it meets darkness: Smith's method (BET).

Smith, Fast robust automated brain extraction, Human Brain Mapping 17(3), 2002. Its figures are kept: the depths in
which a vertex looks for dark and bright voxels, the radii of curvature, and the weights of its three movements.
"""

from dataclasses import dataclass

import numpy as np

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..common.sphere_mesh import SphereMesh

# How deep under the surface the darkest and the brightest voxel are looked for, and in which steps.
DARK_MM, BRIGHT_MM, STEP_MM = 20, 10, 1.0
# Bends of less than the first radius are straightened, of more than the second left alone.
TIGHT_MM, WIDE_MM = 3.33, 10.0
# Of the three movements of a vertex in a step: along the surface to the middle of its neighbors, out or in.
EVEN, GROW = 0.5, 0.05
# Subdivisions and steps: most of the way is gone with the coarse mesh, whose steps are longer and cheaper.
STAGES = ((3, 300), (4, 250))
# The image is continued by this much, so that a brain that its border cuts is not closed by the border.
MARGIN_MM = 12.0


@dataclass(frozen=True)
class Levels:
    """Intensities that the surface goes by: of the background, of dark tissue, and the median of the brain."""

    background: float
    dark: float
    brain: float


def brain_surface(
    values: np.ndarray,
    rough: np.ndarray,
    grid: Geometry,
    levels: Levels,
    border: float,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Voxels (z, y, x) inside the surface.

    values: on an isotropic grid, without shading; rough: a first guess of the brain, of which only the middle and the
    size are used; border: the share of the way from the background to the brightest voxel under the surface at which
    the brain ends.
    """
    spacing = np.array(grid.spacing[::-1])
    margin = np.ceil(MARGIN_MM / spacing).astype(int)
    around = [(int(m), int(m)) for m in margin]
    wide = np.pad(values, around, mode="edge")
    size = np.array(wide.shape)
    center = (np.argwhere(rough).mean(axis=0) + margin) * spacing
    radius = (3 * np.count_nonzero(rough) * grid.voxel_volume / (4 * np.pi)) ** (1 / 3)
    low, high = spacing, (size - 2) * spacing
    vertices: np.ndarray = np.empty(0)
    for (level, steps), part in zip(STAGES, progress.parts(*[s * 4**n for n, s in STAGES]), strict=True):
        vertices = (
            SphereMesh.of_level(level - 1).refined(vertices)
            if vertices.size
            else center + radius / 2 * SphereMesh.of_level(level).points
        )
        mesh = SphereMesh.of_level(level)
        for step in range(steps):
            if step % 10 == 0:
                part(step / steps, "Growing the surface of the brain")
            vertices = np.clip(vertices + _movement(mesh, vertices, wide, spacing, levels, border), low, high)
    inside = mesh.enclosed(vertices / spacing, wide.shape)
    return inside[tuple(slice(a, n - b) for (a, b), n in zip(around, inside.shape, strict=True))]


def _movement(
    mesh: SphereMesh, vertices: np.ndarray, values: np.ndarray, spacing: np.ndarray, levels: Levels, border: float
) -> np.ndarray:
    """Of each vertex in one step, mm (n, 3)."""
    normals = mesh.normals(vertices)
    around = vertices[mesh.neighbors]
    to_middle = np.einsum("nk,nkd->nd", mesh.share, around) - vertices
    length = float(np.linalg.norm(around - vertices[:, None], axis=2)[mesh.share > 0].mean())
    out = np.einsum("nd,nd->n", to_middle, normals)[:, None]
    straight = out * normals
    # the curvature 1/r of the sphere through the vertex and its neighbors decides how much it is straightened
    curvature = 2 * np.abs(out) / length**2
    mean, steepness = (1 / TIGHT_MM + 1 / WIDE_MM) / 2, 6 / (1 / TIGHT_MM - 1 / WIDE_MM)
    stiffness = (1 + np.tanh(steepness * (curvature - mean))) / 2
    growth = GROW * length * _pressure(vertices, normals, values, spacing, levels, border)
    return EVEN * (to_middle - straight) + stiffness * straight + growth[:, None] * normals


def _pressure(
    vertices: np.ndarray,
    normals: np.ndarray,
    values: np.ndarray,
    spacing: np.ndarray,
    levels: Levels,
    border: float,
) -> np.ndarray:
    """Outward where all under the vertex is as bright as brain, inward where there is something dark (n)."""
    depths = np.arange(0, DARK_MM + STEP_MM / 2, STEP_MM)
    place = np.zeros((len(vertices), depths.size), np.intp)
    for axis, size in enumerate(values.shape):
        along = (vertices[:, None, axis] - depths * normals[:, None, axis]) / spacing[axis]
        np.rint(along, out=along)
        np.clip(along, 0, size - 1, out=along)
        place *= size
        place += along.astype(np.intp)
    under = values.ravel()[place]
    darkest = np.clip(under.min(axis=1), levels.background, levels.brain)
    brightest = np.clip(under[:, depths <= BRIGHT_MM].max(axis=1), levels.dark, levels.brain)
    limit = levels.background + border * (brightest - levels.background)
    return 2 * (darkest - limit) / (brightest - levels.background)
