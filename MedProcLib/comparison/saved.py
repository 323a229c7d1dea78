"""A comparison made again from what is saved of it: a patient with images, outlines and registrations."""

from collections.abc import Sequence
from dataclasses import dataclass

import SimpleITK as sitk

from ..core.errors import InputError
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe
from .first_space import from_first, in_space_of
from .halfway import half_way
from .pipeline import restored
from .result import Comparison, Registration, Verdict
from .study import Study
from .tracks.follow import Followed
from .tracks.model import Alignment, Patient, TimePoint


@dataclass(frozen=True)
class Saved:
    """A patient with, of each time point, the image and the label map that its observations name (in the time point's
    own space), the transform from the common space to it (None: it lies there), and its modality, source and unit
    of values (see Study); masks: see Comparison, those that are known."""

    patient: Patient
    images: Sequence[sitk.Image]
    label_maps: Sequence[sitk.Image]
    transforms: Sequence[sitk.Transform | None]
    modalities: Sequence[str]
    sources: Sequence[str]
    units: Sequence[str] = ()
    masks: Sequence[sitk.Image | None] = ()

    @property
    def recipe(self) -> Recipe:
        return recipe_of(self.patient)

    def comparison(
        self, recipe: Recipe, progress: Progress = SILENT, also: Sequence[tuple[int, int]] = ()
    ) -> Comparison:
        """The comparison with all edits, its images made by a recipe (see pipeline.restored).

        Raises InputError for fewer than two time points; Cancelled.
        """
        points = self.patient.time_points
        if len(points) < 2:
            raise InputError("A report needs two time points: compare the studies.")
        transforms = from_first(self.transforms, self.images[0])
        # where it was not kept: outlines that were given are usually allowed for in the rule of change, see defaults
        usual = self.patient.settings.outline_mm > 0
        units = self.units or [""] * len(points)
        studies = [
            Study(point.id, image, point.date, labels if given else None, None, modality, source, unit, point.landmarks)
            for point, given, image, labels, modality, source, unit in zip(
                points,
                [usual if point.given is None else point.given for point in points],
                self.images,
                self.label_maps,
                self.modalities,
                self.sources,
                units,
                strict=True,
            )
        ]
        registrations = [_registration(points[0], p, t) for p, t in zip(points[1:], transforms, strict=True)]
        followed = Followed(in_space_of(self.patient, self.transforms[0]), tuple(self.label_maps))
        return restored(studies, registrations, followed, recipe, progress, also, self.masks)


def recipe_of(patient: Patient) -> Recipe:
    """Of the comparison that found a patient's findings; without steps where that is not known."""
    return Recipe.from_dict(dict(patient.recipe)) if patient.recipe else Recipe()


def _registration(first: TimePoint, point: TimePoint, transform: sitk.Transform) -> Registration:
    """kept.figures are of the registration with the study that the others were aligned with, which is the first one
    unless that was taken out or an earlier one was added; then the first one's own verdict counts too."""
    kept = point.alignment or Alignment(Verdict.GOOD)
    if first.alignment is not None and first.alignment.verdict is not Verdict.GOOD:
        reasons = (*kept.reasons, *(f"{first.id}: {reason}" for reason in first.alignment.reasons))
        kept = Alignment(first.alignment.verdict, reasons, kept.figures)
    halves: tuple[sitk.Transform, sitk.Transform]
    # the half of a deformation cannot be told from the whole: it is compared in the first study's space
    halves = half_way(transform) if transform.IsLinear() else (sitk.AffineTransform(3), transform)
    return Registration(transform, *halves, kept.verdict, kept.reasons, kept.figures)
