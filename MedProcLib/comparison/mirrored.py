"""Whether one study shows the mirror image of the other: a file with its sides or the order of its slices exchanged."""

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from ..core.progress import SILENT, Progress
from .alignment.descend import descend
from .alignment.field import Field
from .alignment.search import search
from .alignment.volume import Volume
from .result import Verdict
from .verdict import Figures, judge, measure

# Bodies are nearly symmetric, so that a mirrored one fits as well as another patient's, or better. Where parts of them
# lie this far apart (mm), and bodies overlap by this share, a look is worth its time.
LOOK_MM, LOOK_OVERLAP = 0.5, 0.5
# Mirrored back, the parts lie so many times nearer, and so many times less is unlike; of other patients neither does.
# Found on real pairs (heads, also of another protocol, CT, PET): 1.25 to 14 mirrored (T1 and FLAIR by coarse levels:
# 1.17 nearer); of other patients' heads 1.07 and 1.04 at most. CT of other patients may be nearer and liker by chance,
# up to 1.85 and 1.55: none of these fits well.
NEARER, LIKER = 1.15, 1.15
# Coarse levels tell in a fraction of the time whether it is worth going on.
LEVELS = 2
EXCHANGED = (
    "Mirrored, one study fits the other better: {ends} seem to be exchanged in one of the files. Check both, and "
    "correct the one that is wrong."
)
ENDS = "left and right", "front and back", "head and feet (slices in the opposite order)"


def exchanged_in(
    one: list[Field],
    two: list[Field],
    figures: Figures,
    sure: bool,
    affine: bool,
    progress: Progress = SILENT,
) -> str:
    """What is exchanged between two studies, in words; '' where nothing seems to be.

    one, two: their levels, coarse to fine; figures: of how they were aligned; sure: that is called good, so that only
    left and right are looked at, as bodies are symmetric that way alone; affine: size and shear were free.
    """
    if figures.residual_mm <= LOOK_MM or figures.overlap < LOOK_OVERLAP:
        return ""
    tried = list(zip(ENDS, np.eye(3), strict=True))[: 1 if sure else 3]
    found, best = "", figures.residual_mm / NEARER
    for (ends, normal), share in zip(tried, progress.parts(*[1.0] * len(tried)), strict=True):
        searching, aligning, judging, finishing = share.parts(3, 2, 1, 0.1)
        first, other = one[:LEVELS], [_field(field, normal) for field in two[:LEVELS]]
        starts = search(first[0].volume, other[0].volume, first[0].spacing, searching)
        matrix = descend(first, other, starts, affine, figures.metric, aligning)
        if matrix is None:
            continue
        seen = measure(first, other, matrix, affine, figures.metric, judging)
        if not _liker(seen, figures):
            continue
        if len(one) > LEVELS:  # how far parts lie apart is told as well as of the unmirrored study
            finer = [_field(field, normal) for field in two[LEVELS:]]
            matrix = descend(one[LEVELS:], finer, [matrix], affine, figures.metric, finishing)
            if matrix is None:
                continue
            seen = measure(one, [*other, *finer], matrix, affine, figures.metric, finishing)
        if _liker(seen, figures) and judge(seen)[0] is not Verdict.FAILED and seen.residual_mm < best:
            found, best = EXCHANGED.format(ends=ends), seen.residual_mm
    return found


def _liker(seen: Figures, figures: Figures) -> bool:
    return (1 - seen.similarity) * LIKER < 1 - figures.similarity


def _field(field: Field, normal: np.ndarray) -> Field:
    return Field(mirrored(field.volume, normal), field.spacing)


def mirrored(volume: Volume, normal: np.ndarray) -> Volume:
    """The volume as a mirror through the origin shows it. normal: unit vector (LPS) across the mirror."""
    grid, mirror = volume.geometry, np.eye(3) - 2 * np.outer(normal, normal)
    direction = mirror @ np.reshape(grid.direction, (3, 3))
    there = Geometry(grid.size, grid.spacing, tuple(mirror @ grid.origin), tuple(direction.ravel()))

    def shown(image: sitk.Image) -> sitk.Image:
        return there.image_of(sitk.GetArrayViewFromImage(image))

    return Volume(shown(volume.image), shown(volume.inside), shown(volume.foreground))
