"""The preview of a volume in the slice views: what it would become, over what it is, in Slicer's own views.

Each view gets a volume of its own for the slab it shows, as its foreground. These volumes are not saved, not listed
and go with clear(), after which the views show what they showed before.
"""

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.coordinates import FLIP, array_of_matrix, lps_of
from MedProcLib.scene.views import slice_composites, slice_nodes
from MedProcLib.scene.volumes import require_volume, update_volume

# Voxels that are not shown get a value this many times the range below the smallest one, so that interpolation between
# them and shown ones is not shown either.
HIDDEN_BELOW = 1000


class Mode(enum.Enum):
    """How before and after are seen in one view."""

    FADE = "fade"
    SWIPE = "swipe"
    CHECKERBOARD = "checkerboard"


@dataclass(frozen=True)
class Pattern:
    """amount: fade: opacity of the preview; swipe: share of the view's width left of it; checkerboard: mm per field."""

    mode: Mode = Mode.FADE
    amount: float = 1.0


class SlicePreview:
    """Previews of one volume. Main thread only."""

    def __init__(self, volume) -> None:
        self.volume = volume
        self._scene = volume.GetScene()
        self._nodes: dict[str, Any] = {}
        self._images: dict[str, sitk.Image] = {}
        self._before: dict[str, tuple] = {}
        self._window: tuple[float, float] = (1.0, 0.5)

    def show(self, view: str, image: sitk.Image, pattern: Pattern, window: tuple[float, float]) -> None:
        """Show an image (a slab in world space, LPS) over the volume in the view of this layout name.

        window: the preview's window and level. Repeated calls replace the image.
        """
        self._images[view], self._window = image, window
        self._draw(view, pattern)

    def set_pattern(self, pattern: Pattern) -> None:
        """See the same previews another way."""
        for view in self._images:
            self._draw(view, pattern)

    def remove(self, view: str) -> None:
        """Show the view without preview."""
        self._images.pop(view, None)
        node, before = self._nodes.pop(view, None), self._before.pop(view, None)
        composite = _by_layout(slice_composites(self._scene)).get(view)
        if composite is None or node is None:
            return
        if before is not None and composite.GetForegroundVolumeID() == node.GetID():
            composite.SetForegroundVolumeID(before[0])
            composite.SetForegroundOpacity(before[1])
        if self._scene.IsNodePresent(node):
            self._scene.RemoveNode(node)

    def clear(self) -> None:
        """Show all views without preview."""
        for view in list(self._nodes):
            self.remove(view)

    def _draw(self, view: str, pattern: Pattern) -> None:
        node = self._nodes.get(view)
        if node is None or not self._scene.IsNodePresent(node):
            node = self._nodes[view] = self._add_node(view)
        image = self._images[view]
        values = sitk.GetArrayFromImage(image)
        shown = np.isfinite(values)
        plane = _by_layout(slice_nodes(self._scene))[view]
        if pattern.mode is not Mode.FADE:
            shown &= _chosen(Geometry.of(image), plane, pattern)
        low, high = (float(f(values[np.isfinite(values)], initial=0)) for f in (np.min, np.max))
        values[~shown] = low - HIDDEN_BELOW * ((high - low) or 1.0)
        update_volume(node, Geometry.of(image).image_of(values))
        display = node.GetDisplayNode()
        display.SetWindowLevel(*self._window)
        display.SetThreshold(low, max(high, low))
        self._require_foreground(view, node, pattern.amount if pattern.mode is Mode.FADE else 1.0)

    def _add_node(self, view: str):
        node = slicer.vtkMRMLScalarVolumeNode()
        node.SetName(f"{self.volume.GetName()} preview ({view})")
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        display = slicer.vtkMRMLScalarVolumeDisplayNode()
        display.SetSaveWithScene(False)
        self._scene.AddNode(display)
        shown_as = self.volume.GetDisplayNode()
        display.SetAndObserveColorNodeID(shown_as.GetColorNodeID() if shown_as else "vtkMRMLColorTableNodeGrey")
        display.SetAutoWindowLevel(False)
        display.SetAutoThreshold(False)
        display.SetApplyThreshold(True)
        if shown_as is not None:
            display.SetInterpolate(shown_as.GetInterpolate())
        self._scene.AddNode(node)
        node.SetAndObserveDisplayNodeID(display.GetID())
        return node

    def _require_foreground(self, view: str, node, opacity: float) -> None:
        composite = _by_layout(slice_composites(self._scene))[view]
        linked = composite.GetLinkedControl()
        if composite.GetForegroundVolumeID() != node.GetID():
            self._before.setdefault(view, (composite.GetForegroundVolumeID(), composite.GetForegroundOpacity()))
        # linked views would take over this view's foreground, which is not theirs
        composite.SetLinkedControl(False)
        composite.SetForegroundVolumeID(node.GetID())
        composite.SetForegroundOpacity(opacity)
        composite.SetLinkedControl(linked)


def plane_corners(slice_node) -> np.ndarray:
    """Corners (4, 3) in LPS mm of what a slice view shows."""
    width, height, _ = slice_node.GetFieldOfView()
    to_ras = array_of_matrix(slice_node.GetSliceToRAS())
    corners = [(x * width / 2, y * height / 2, 0, 1) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return lps_of((np.array(corners) @ to_ras.T)[:, :3])


def content_key(volume) -> tuple:
    """Equal for a volume node as long as its voxels and their place in the world are the same."""
    require_volume(volume)
    parent = volume.GetParentTransformNode()
    data = volume.GetImageData()
    grid = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(grid)
    place = None if parent is None else (parent.GetID(), parent.GetTransformToWorldMTime())
    return volume.GetID(), data.GetMTime(), tuple(array_of_matrix(grid).ravel().tolist()), place


def matched_window(volume, before: sitk.Image, after: sitk.Image) -> tuple[float, float]:
    """Window and level that show `after` as the volume's display shows `before` (the same slab).

    Black and white are put at the same ranks of the values; where that is nowhere, at the smallest and largest.
    """
    values, made = (sitk.GetArrayViewFromImage(image).ravel() for image in (before, after))
    values, made = (np.sort(v[np.isfinite(v)][:: max(1, v.size // 20_000)]) for v in (values, made))
    display = volume.GetDisplayNode()
    if display is None or values.size == 0 or made.size == 0:
        return 1.0, 0.5
    window, level = display.GetWindow(), display.GetLevel()
    span = values[-1] - values[0]
    if span > 0 and abs(made[-1] - values[-1]) < 0.3 * span and abs(made[0] - values[0]) < 0.3 * span:
        return window, level
    limits = []
    for limit in (level - window / 2, level + window / 2):
        rank = np.searchsorted(values, limit) / values.size
        inner = float(np.quantile(made, min(max(rank, 0.001), 0.999)))
        limits.append(inner)
    low, high = limits
    if not high > low:
        low, high = float(made[0]), float(made[-1])
    return (high - low) or 1.0, (high + low) / 2


def _chosen(grid: Geometry, slice_node, pattern: Pattern) -> np.ndarray:
    """Which voxels (z, y, x) the pattern shows of the preview."""
    from_ras = np.linalg.inv(array_of_matrix(slice_node.GetSliceToRAS()))
    index_to_slice = from_ras @ FLIP @ grid.index_to_point
    axes = [np.arange(n) for n in grid.size]
    across = [
        sum(
            index_to_slice[row, axis] * axes[axis].reshape([-1 if k == 2 - axis else 1 for k in range(3)])
            for axis in range(3)
        )
        + index_to_slice[row, 3]
        for row in (0, 1)
    ]
    if pattern.mode is Mode.SWIPE:
        return np.broadcast_to(across[0] > (pattern.amount - 0.5) * slice_node.GetFieldOfView()[0], grid.size[::-1])
    fields = [np.floor(a / pattern.amount).astype(int) for a in across]
    return np.broadcast_to((fields[0] + fields[1]) % 2 == 0, grid.size[::-1])


def _by_layout(nodes: list) -> dict:
    return {node.GetLayoutName(): node for node in nodes}
