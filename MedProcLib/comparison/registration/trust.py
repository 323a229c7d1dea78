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
STARTS_APART_VOXELS = 1.0  # what a deformation is told from: two ways that end further apart are two answers


def contrast_figure(contrast: float) -> Measurement:
    return Measurement("feature_contrast", contrast, "")


@dataclass(frozen=True)
class Trust:
    """Figures of a deformation.

    contrast: how much better features agree than when displaced, 0..1; overlap: shared part of both bodies where both
    images show something, 0..1; similarity: informational correlation of the gray values without and with the
    deformation, 0..1; repeatability: root mean square difference in mm of two deformations, each from half of the
    features; moved: root mean square displacement in mm beyond the affine transform; spacing: of the grid in mm.
    repeatability and moved are NaN where another program deformed. starts_apart: median distance in mm from where the
    deformation ends that starts by structures alone instead of by gray values; NaN where there was no such start.
    """

    contrast: float
    overlap: float
    similarity: tuple[float, float]
    repeatability: float
    moved: float
    spacing: float
    starts_apart: float = math.nan

    def measurements(self) -> tuple[Measurement, ...]:
        metric = {"metric": "mutual information"}
        return (
            Measurement("similarity", self.similarity[1], "", parameters=metric),
            Measurement("similarity_affine", self.similarity[0], "", parameters=metric),
            contrast_figure(self.contrast),
            Measurement("overlap", 100 * self.overlap, "%"),
            *(
                Measurement(name, value, "mm")
                for name, value in (
                    ("deformation", self.moved),
                    ("repeatability", self.repeatability),
                    ("starts_apart", self.starts_apart),
                )
                if not math.isnan(value)
            ),
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
        if self.starts_apart > STARTS_APART_VOXELS * self.spacing:
            weak.append(
                f"Aligned by structures alone before deforming, the images end {self.starts_apart:.1f} mm from where "
                f"their gray values lead (median; expected at most {STARTS_APART_VOXELS * self.spacing:.1f} mm): the "
                "start decides, and either may be wrong."
            )
        said = f"Contrast of structures {self.contrast:.2f}, overlap {100 * self.overlap:.0f} %"
        if not math.isnan(self.moved):
            said += f", deformation {self.moved:.1f} mm, repeatable to {self.repeatability:.1f} mm"
        if bad:
            return Verdict.FAILED, tuple(bad + weak)
        if weak:
            return Verdict.DOUBTFUL, tuple(weak)
        return Verdict.GOOD, (f"{said}.",)
