"""Two volumes in one view: faded, swiped, as a checkerboard, or in turns; the views show the first one below."""

from typing import Any

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.scene.coordinates import FLIP, array_of_matrix
from MedProcLib.scene.slice_preview import Mode, Pattern, SlicePreview
from MedProcLib.scene.timeline_outlines import own_image
from MedProcLib.scene.transforms import transform_of_node
from MedProcLib.scene.views import slice_composites, slice_nodes


class PairView:
    """Shows `over` on `below` in all slice views. Main thread only.

    Fading is Slicer's own; for the patterns each view gets the slice it shows of the upper volume, taken through its
    registration at the view's own pixels, as Slicer draws it, so that nothing of the volume itself is resampled.
    """

    def __init__(self, below: Any, over: Any) -> None:
        self.below, self.over = below, over
        self._preview = SlicePreview(over)
        self._image: sitk.Image | None = None
        self._from_world: sitk.Transform | None = None
        self._scene = below.GetScene()

    def show(self, pattern: Pattern, views: list[str] | None = None) -> None:
        """Show the upper volume this way in the views of these layout names (all by default)."""
        if pattern.mode is Mode.FADE:
            self._preview.clear()
            self._fade(pattern.amount)
            return
        for composite in slice_composites(self._scene):
            _unlinked(composite, lambda each: each.SetBackgroundVolumeID(self.below.GetID()))
        for node in slice_nodes(self._scene):
            if views is None or node.GetLayoutName() in views:
                self._preview.show(node.GetLayoutName(), self._slice(node), pattern, self._window())

    def clear(self) -> None:
        """Show the lower volume alone."""
        self._preview.clear()
        for composite in slice_composites(self._scene):
            _unlinked(composite, lambda each: each.SetForegroundVolumeID(None))

    def _fade(self, opacity: float) -> None:
        for composite in slice_composites(self._scene):
            _unlinked(composite, lambda each: self._set(each, opacity))

    def _set(self, composite: Any, opacity: float) -> None:
        composite.SetBackgroundVolumeID(self.below.GetID())
        composite.SetForegroundVolumeID(self.over.GetID())
        composite.SetForegroundOpacity(opacity)

    def _slice(self, slice_node: Any) -> sitk.Image:
        if self._image is None:
            transform = self.over.GetParentTransformNode()
            self._image = own_image(self.over, transform)
            self._from_world = transform_of_node(transform) if transform is not None else None
        grid, outside = plane_grid(slice_node), float("nan")
        return resample(self._image, grid, self._from_world, default_value=outside, pixel_type=sitk.sitkFloat32)

    def _window(self) -> tuple[float, float]:
        display = self.over.GetDisplayNode()
        return (display.GetWindow(), display.GetLevel()) if display is not None else (1.0, 0.5)


def plane_grid(slice_node: Any) -> Geometry:
    """The pixels of a slice view as a grid of one slice (LPS, mm)."""
    size = tuple(max(int(n), 1) for n in slice_node.GetDimensions()[:2])
    spacing = tuple(f / n for f, n in zip(slice_node.GetFieldOfView()[:2], size, strict=True))
    to_lps = FLIP @ array_of_matrix(slice_node.GetSliceToRAS())
    axes = to_lps[:3, :3] / np.linalg.norm(to_lps[:3, :3], axis=0)
    first = [-(n - 1) / 2 * s for n, s in zip(size, spacing, strict=True)]
    origin = to_lps[:3, 3] + axes[:, 0] * first[0] + axes[:, 1] * first[1]
    return Geometry((*size, 1), (*spacing, 1.0), tuple(origin.tolist()), tuple(axes.ravel().tolist()))


def _unlinked(composite: Any, change: Any) -> None:
    """Change what one view shows, and not the views linked to it."""
    linked = composite.GetLinkedControl()
    composite.SetLinkedControl(False)
    change(composite)
    composite.SetLinkedControl(linked)
