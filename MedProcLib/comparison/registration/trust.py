"""Whether a deformation can be relied on: figures that its optimizer did not see or could not help, and a verdict."""

import math
from dataclasses import dataclass

from ...core.measurement import Measurement
from ..result import Verdict

# Limits set on simulated deformations of real images, on pairs of other patients and on scrambled images.
CONTRAST_GOOD, CONTRAST_FAILED = 0.35, 0.20
DIFFERENCE_GOOD, DIFFERENCE_FAILED = 0.6, 1.0
OVERLAP_GOOD, OVERLAP_FAILED = 0.60, 0.30
LEAST_GAIN = 0.002
STILL_VOXELS = 0.25


def contrast_figure(contrast: float) -> Measurement:
    return Measurement("feature_contrast", contrast, "")


@dataclass(frozen=True)
class Trust:
    """Figures of a deformation.

    contrast: how much better features agree than when displaced, 0..1; overlap: shared part of both bodies where both
    images show something, 0..1; similarity: informational correlation of the gray values without and with the
    deformation, 0..1; repeatability: root mean square difference in mm of two deformations, each from half of the
    features; moved: root mean square displacement in mm beyond the affine transform; spacing: of the grid in mm.
    repeatability and moved are NaN where another program deformed.
    """

    contrast: float
    overlap: float
    similarity: tuple[float, float]
    repeatability: float
    moved: float
    spacing: float

    def measurements(self) -> tuple[Measurement, ...]:
        metric = {"metric": "mutual information"}
        return (
            Measurement("similarity", self.similarity[1], "", parameters=metric),
            Measurement("similarity_affine", self.similarity[0], "", parameters=metric),
            contrast_figure(self.contrast),
            Measurement("overlap", 100 * self.overlap, "%"),
            *([] if math.isnan(self.moved) else [Measurement("deformation", self.moved, "mm")]),
            *([] if math.isnan(self.repeatability) else [Measurement("repeatability", self.repeatability, "mm")]),
        )

    @property
    def still(self) -> bool:
        """Whether there was nothing to deform: less than a fraction of a voxel."""
        return self.moved <= STILL_VOXELS * self.spacing

    @property
    def useless(self) -> str:
        """Why the images are better left undeformed; '' when they are not."""
        before, after = self.similarity
        if after < before + LEAST_GAIN:
            return (
                f"Deforming does not make the images more alike (informational correlation {before:.3f} before, "
                f"{after:.3f} after): the affine transform is kept."
            )
        if self.repeatability > max(DIFFERENCE_FAILED * self.moved, STILL_VOXELS * self.spacing):
            return (
                f"Two deformations from half of the features each differ by {self.repeatability:.1f} mm, as much as "
                f"they move ({self.moved:.1f} mm): it is noise, and the affine transform is kept."
            )
        return ""

    def judged(self) -> tuple[Verdict, tuple[str, ...]]:
        """Verdict and its reasons, one line each."""
        bad: list[str] = []
        weak: list[str] = []
        if not self.contrast >= CONTRAST_GOOD:
            (weak if self.contrast >= CONTRAST_FAILED else bad).append(
                f"The structures of the images agree little better here than when displaced (contrast "
                f"{self.contrast:.2f}, expected at least {CONTRAST_GOOD:g}): other anatomy, or too little in common."
            )
        if not self.overlap >= OVERLAP_GOOD:
            (weak if self.overlap >= OVERLAP_FAILED else bad).append(
                f"Only {100 * self.overlap:.0f} % of the bodies overlap (expected at least {100 * OVERLAP_GOOD:.0f} %)."
            )
        if self.repeatability > max(DIFFERENCE_GOOD * self.moved, STILL_VOXELS * self.spacing):
            weak.append(
                f"Two deformations from half of the features each differ by {self.repeatability:.1f} mm, of "
                f"{self.moved:.1f} mm that they move: where the images show little, the deformation is a guess."
            )
        said = f"Contrast of structures {self.contrast:.2f}, overlap {100 * self.overlap:.0f} %"
        if not math.isnan(self.moved):
            said += f", deformation {self.moved:.1f} mm, repeatable to {self.repeatability:.1f} mm"
        if bad:
            return Verdict.FAILED, tuple(bad + weak)
        if weak:
            return Verdict.DOUBTFUL, tuple(weak)
        return Verdict.GOOD, (f"{said}.",)
