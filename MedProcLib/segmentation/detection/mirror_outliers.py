"""What one side has and the other has not."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import median_and_sd
from ...core.voxels import extended, foreground, gaussian, inside, values_of
from ..cleanup.remove_small import sizes_within
from ..common.connectivity import connected_components
from ..common.symmetry import mirror_plane
from .candidate import Candidate
from .listing import ball_diameter, nearest_to_center
from .operating_point import OperatingPoint, often

# Candidates are sought above this many SD of the differences; the operating point then decides.
LOWEST_SD = 2.0
# Fewer voxels tell nothing of sides.
LEAST_VOXELS = 100
# A finding reaches down to this share of its own peak.
RIM = 0.5


@operation(
    "segmentation.mirror_outliers",
    title="Outliers against the mirrored side",
    gives=("labels", "candidates"),
    dimensions=(3,),
    source="Liu, Collins & Rothfus, Robust midsagittal plane extraction from normal and pathological 3-D "
    "neuroradiology images, IEEE TMI 20(3), 2001 (comparing sides); expected false findings by decoys of the other "
    "polarity: Elias & Gygi, Nature Methods 4(3), 2007",
)
class MirrorOutliers:
    """Find what is brighter (or darker) than the same place of the other side, for heads and other symmetric parts.

    The plane of symmetry is found first, however the patient lies. A voxel counts as different when it exceeds all
    within the tolerance around its mirror place, so that sides need not be quite alike. Works inside the mask: give one
    of the brain, or the foreground (Otsu) is compared. The false ones expected are learned from the opposite polarity.
    """

    polarity: Annotated[Literal["bright", "dark"], "brighter or darker than the other side"] = "bright"
    tolerance_mm: Annotated[float, Range(0, 20, "mm"), "sides may be displaced by this much"] = 4.0
    smoothing_mm: Annotated[float, Range(0, 10, "mm"), "SD of the Gaussian that quiets noise first"] = 1.5
    expected_false: Annotated[float, Range(0.01, 1000), "operating point: so many false findings are expected"] = 1.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e6, "mm3"), "smaller ones are left out"] = 50.0

    structures = {0: "lesion"}  # noqa: RUF012 - read only

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        # without a mask the foreground with its holes: in air both sides are alike to the last digit
        region = inside(mask, valid) if mask is not None else ndimage.binary_fill_holes(foreground(values, valid))
        grid = Geometry.of(image)
        smoothing, plane_part, comparing = progress.parts(1, 3, 3)
        largest = float(np.abs(values).max()) or 1.0
        smooth = gaussian((values / largest).astype(np.float32), grid, [self.smoothing_mm] * 3, smoothing)
        # what lies outside the mask is neither bright nor dark
        smooth[~region] = np.median(smooth[region])
        if np.count_nonzero(region) < LEAST_VOXELS or not np.ptp(smooth[region]) > 0:
            raise InputError("There is too little in the image to tell its sides: choose a larger region.")
        plane = mirror_plane(smooth, region, grid, plane_part)
        other_region = resample(grid.image_of(region), grid, plane.transform, sitk.sitkNearestNeighbor)
        both = region & (sitk.GetArrayViewFromImage(other_region) != 0)
        if np.count_nonzero(both) < 0.2 * np.count_nonzero(region):
            raise InputError(
                "Only one side is inside the mask (or no symmetry was found), so there is nothing to compare with: "
                "choose a mask that holds both."
            )
        signed = smooth if self.polarity == "bright" else -smooth
        found = self._differences(signed, both, plane, grid, comparing.part(0, 0.5))
        decoys = self._differences(-signed, both, plane, grid, comparing.part(0.5, 1))
        peaks = [peak for _, _, peak in decoys[1]]
        point = OperatingPoint.of(np.array(peaks))
        return self._chosen(found, point, grid, plane.likeness)

    def _differences(self, values, both, plane, grid, progress):
        """Numbers of the regions (z, y, x) and (number, voxel count, peak in SD) of each."""
        window = [max(1, 2 * int(self.tolerance_mm / s) + 1) for s in reversed(grid.spacing)]
        highest = ndimage.maximum_filter(values, window)
        progress(0.4, "Comparing the sides")
        other = sitk.GetArrayFromImage(resample(extended(grid.image_of(highest)), grid, plane.transform))
        # the tolerance lifts all differences below 0; their spread is that of the plain difference
        plain = sitk.GetArrayFromImage(resample(extended(grid.image_of(values)), grid, plane.transform))
        _, sd = median_and_sd((values - plain)[both])
        if not sd > 0:
            raise InputError("Both sides are the same to the last digit, so nothing stands out.")
        score = np.where(both, (values - other) / sd, -np.inf)
        numbers, counts = connected_components(grid.image_of(score > LOWEST_SD), "face", progress.part(0.6, 0.9))
        peaks = np.zeros(counts.size)
        at = numbers > 0
        np.maximum.at(peaks, numbers[at], score[at])
        # a lesion is as wide as where it exceeds half of its own peak, tolerance or not
        rim = np.where(at, (values - plain) / sd, 0) >= RIM * peaks[numbers]
        numbers[at & ~rim] = 0
        counts = np.bincount(numbers.ravel(), minlength=counts.size)
        keep = sizes_within(counts, grid.voxel_volume, self.minimum_volume_mm3)
        keep[0] = False
        return numbers, [(n, int(counts[n]), float(peaks[n])) for n in np.flatnonzero(keep).tolist()]

    def _chosen(self, found, point, grid, likeness):
        numbers, regions = found
        limit = point.score_for(self.expected_false)
        kept = sorted((each for each in regions if each[2] >= limit), key=lambda each: -each[2])
        if not kept:
            best = max((peak for _, _, peak in regions), default=0.0)
            raise InputError(
                f"Nothing differs enough from the other side for {self.expected_false:g} expected false findings; the "
                f"most by {best:.1f} SD, likeness of the sides {likeness:.2f}: allow more, or a smaller tolerance."
            )
        table = np.zeros(int(numbers.max()) + 1, np.uint8 if len(kept) < 256 else np.uint16)
        table[[number for number, _, _ in kept]] = np.arange(1, len(kept) + 1)
        labels = table[numbers]
        candidates = []
        spacing = tuple(reversed(grid.spacing))
        for number, ((_, count, peak), box) in enumerate(zip(kept, ndimage.find_objects(labels), strict=True), 1):
            nearest = nearest_to_center(labels[box] == number, spacing) + [s.start for s in box]
            position = tuple(float(x) for x in grid.points(nearest[::-1])[0])
            volume, false = count * grid.voxel_volume, point.expected_false(peak)
            reason = f"{self.polarity}er than the other side by {peak:.1f} SD; by chance {often(false)} expected"
            candidates.append(Candidate(number, position, ball_diameter(volume, 3), volume, peak, reason, false))
        return grid.image_of(labels), candidates
