"""Shape and texture of segments in their largest slice, as figures to classify by."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import values_of
from ..region import segments_of, slices_of
from ..row import Row
from .hu_moments import hu_moments
from .local_binary_patterns import local_binary_patterns, pattern_histogram
from .oriented_gradients import orientation_histogram
from .zernike_moments import zernike_moments


@operation(
    "quantification.plane_descriptors",
    title="Moments and patterns",
    gives="table",
    source="Hu, IRE Trans Inf Theory 8(2), 1962; Khotanzad & Hong, IEEE PAMI 12(5), 1990 (Zernike); Ojala et al., IEEE "
    "PAMI 24(7), 2002 (local binary patterns); Dalal & Triggs, CVPR 2005 (oriented gradients)",
)
class PlaneDescriptors:
    """Describe each segment in its largest slice: Hu's and Zernike moments of its outline, local binary patterns and
    directions of the gradient of its pixels.

    Slices are those along the third axis of the image. Moments and patterns do not change when the segment is turned in
    its plane; directions of the gradient do.
    """

    zernike_order: Annotated[int, Range(0, 20), "highest order of the Zernike moments"] = 8
    radius_mm: Annotated[
        float, Range(0, 100, "mm"), "of the circle of the local binary patterns; 0: the larger side of a pixel"
    ] = 0.0
    neighbors: Annotated[int, Range(4, 32), "on that circle"] = 8
    orientations: Annotated[int, Range(2, 36), "directions of the gradient from 0 to 180 degrees"] = 9

    def __call__(self, image, labels, progress=SILENT):
        values, _ = values_of(image)
        numbers = sitk.GetArrayViewFromImage(labels)
        values, numbers = (array.reshape(-1, *array.shape[-2:]) for array in (values, numbers))
        spacing = image.GetSpacing()[1], image.GetSpacing()[0]
        numbers, segments = segments_of(numbers)
        if not segments:
            raise InputError("The segmentation is empty: no voxel has a label. Segment something first.")
        rows = []
        for done, segment in enumerate(segments):
            progress(done / len(segments), f"Describing segment {segment.value}")
            planes = {at: sum(part.count for part in parts) for at, parts in slices_of(segment.regions(numbers))}
            plane = max(planes, key=lambda at: planes[at])
            own = numbers[plane] == segment.number
            figures = self._figures(values[plane], own, spacing)
            name = f"Segment {segment.value}"
            rows.append(
                Row(segment.value, name, None, tuple(figures), slice=plane if image.GetDimension() == 3 else None)
            )
        return rows

    def _figures(self, values: np.ndarray, own: np.ndarray, spacing: tuple[float, float]) -> list[Measurement]:
        box = tuple(slice(int(at.min()), int(at.max()) + 1) for at in np.nonzero(own))
        shape = own[box].astype(float)
        radius = self.radius_mm or max(spacing)
        codes = local_binary_patterns(values, radius, self.neighbors, spacing)
        patterns: dict[str, object] = {"radius_mm": radius, "neighbors": self.neighbors}
        shares = pattern_histogram(codes, own, self.neighbors)
        directions = orientation_histogram(values, own, self.orientations, spacing)
        order: dict[str, object] = {"order": self.zernike_order}
        zernike = zernike_moments(shape, self.zernike_order, spacing=spacing)
        named: list[tuple[str, float, dict[str, object]]] = [
            (f"hu_{n}", float(v), {}) for n, v in enumerate(hu_moments(shape, spacing), 1)
        ]
        named += [(f"zernike_{n}_{m}", v, order) for (n, m), v in zernike.items()]
        named += [(f"binary_pattern_{n}", v, patterns) for n, v in enumerate(shares)]
        named += [(f"gradient_direction_{n}", v, {"orientations": self.orientations}) for n, v in enumerate(directions)]
        return [Measurement(name, float(value), "", None, parameters) for name, value, parameters in named]
