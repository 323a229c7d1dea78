"""Which recipe suits the studies, from their modality and from what is in them."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe
from ..enhancement.shading.n4 import N4
from ..segmentation.anatomy.body_mask import BodyMask
from ..segmentation.anatomy.brain_mask import BrainMask
from ..segmentation.common.air_noise import noise_about_zero
from ..segmentation.detection.bright_outliers import BrightOutliers
from .alignment.volume import prepare
from .change import DetectChange
from .consensus import ConsensusLabels
from .findings import MatchFindings
from .half_height import HalfHeightOutlines
from .intensity import MatchIntensity
from .register import MEASURED_ALONE, Register, require_slices
from .resolution import MatchResolution
from .study import Study

BRAIN_ML = (300.0, 2200.0)
HEAD_MM = 300.0
BRAIN = BrainMask()  # tells a head, and is the first step of its recipe
AIR_HU = -500.0
OF_PLACES = (
    "Findings are places where tissue of any kind became brighter (called new) or darker (called gone), not lesions: "
    "bowel, bladder, vessels, contrast medium, breath and position change too, and a lesion that stayed as it was is "
    "none. Give segmentations of what is to be followed, or a recipe that finds it."
)
# Values in these go with the scanner's gain, or with the dose and how long before the scan it was given.
ARBITRARY = ("", "intensity", "Bq/ml")
# How far outlines are off from study to study (95 %): given ones, and those that the recipe makes (as found by
# Testing/Benchmarks/growth_in_images.py).
OUTLINE_MM, OWN_OUTLINE_MM = 0.3, 0.45
# How far outlines at half height are off from the lesion's own border, alike in all studies (95 %; the same benchmark).
OWN_BORDER_MM = 0.8


def default_recipe(studies: Sequence[Study], progress: Progress = SILENT) -> Recipe:
    """Recipe for these studies.

    MR of the head: brain mask, bias correction, bright outliers (lesions in FLAIR), change of bright tissue.
    All else: the body, change of any tissue. With given segmentations the outlines' own uncertainty is allowed for.
    Raises InputError for a study of a single slice, which cannot be registered; Cancelled.
    """
    return recipe_and_mask(studies, progress)[0]


def recipe_and_mask(studies: Sequence[Study], progress: Progress = SILENT) -> tuple[Recipe, sitk.Image | None]:
    """default_recipe, and what its mask step gives of the first study where choosing took that; None where not."""
    for study in studies:
        require_slices(study.image, f"Study '{study.name}'", MEASURED_ALONE)
    given = any(study.labels is not None for study in studies)
    perhaps_mr = all(study.modality in ("", "MR") for study in studies)
    brain = _brain_of_head(studies[0], progress.labelled("Choosing the steps")) if perhaps_mr else None
    if brain is not None:
        return head_mr_recipe(given), brain
    # values of one unit are compared as they are: percentiles matched in tissue would lead far off in gas and bone
    matching = () if shared_unit(studies) != "intensity" else (MatchIntensity(bias_mm=_bias_mm(studies)),)
    recipe = Recipe.of(
        BodyMask(),
        Register(),
        MatchResolution(),
        *matching,
        # findings are as large as their change here, and balls blurred by scans and smoothing end at 40 % of their peak
        DetectChange(contrast="any", smoothing_mm=2.0, low=4.0, high=8.0, minimum_volume_mm3=100, edge_percent=40),
        ConsensusLabels(),
        MatchFindings(outline_mm=OUTLINE_MM if given else 0.0),
    )
    return recipe, None


def head_mr_recipe(given: bool = False) -> Recipe:
    """Recipe for MR of the head; given: the findings are segmented already."""
    return Recipe.of(
        BRAIN,
        N4(),
        BrightOutliers(low=2.5, high=4.0, minimum_volume_mm3=15),
        Register(),
        MatchResolution(),
        MatchIntensity(bias_mm=10),
        # faint change counts where it is wide and bright; lesions are 10 % brighter or darker in another scan
        DetectChange(
            brightness=3.0, low=0.5, high=2.0, evidence=0.5, contrast_percent=10, smoothing_mm=0.7, edge_percent=0
        ),
        ConsensusLabels(),
        HalfHeightOutlines(),
        MatchFindings(outline_mm=OUTLINE_MM if given else 0.0),
    )


def shared_unit(studies: Sequence[Study]) -> str:
    """The unit that the values of all of them have, 'intensity' where there is none that two scans share."""
    units = {_unit_of(study) for study in studies}
    unit = units.pop() if len(units) == 1 else ""
    return "intensity" if unit in ARBITRARY else unit


def _unit_of(study: Study) -> str:
    """HU of CT; of files that do not say what they are, where there is air as in CT."""
    if study.unit not in ("", "intensity"):
        return study.unit
    return "HU" if study.modality == "CT" or (not study.modality and is_quantitative(study)) else ""


def _bias_mm(studies: Sequence[Study]) -> float:
    """Scale of the smooth difference that is taken for coil shading; 0 where a value is one of the tissue."""
    return 0.0 if any(is_quantitative(s) or s.value_unit != "intensity" for s in studies) else 30.0


def finds_places(studies: Sequence[Study], recipe: Recipe) -> bool:
    """Whether findings are places where tissue of any kind changed, brighter ones as new and darker ones as gone."""
    if any(study.labels is not None for study in studies):
        return False
    operations = [op for _, op in recipe.enabled_steps]
    return not _outlines(recipe) and any(isinstance(op, DetectChange) and op.contrast == "any" for op in operations)


def require_outlines(studies: Sequence[Study], recipe: Recipe) -> None:
    """Raise InputError where findings are given of some studies, and nothing finds them in another one: all that were
    followed into it would be called gone."""
    given = [study.name for study in studies if study.labels is not None]
    bare = [study.name for study in studies if study.labels is None]
    matched = any(isinstance(op, MatchFindings) for _, op in recipe.enabled_steps)
    if given and bare and matched and not _outlines(recipe):
        raise InputError(
            f"Study '{bare[0]}' has no segmentation of the findings that are given for '{given[0]}', and no step finds "
            "them in it: all of them would be called gone or new. Segment it, add a step that does, or leave it out."
        )


def _outlines(recipe: Recipe) -> bool:
    """Whether a step outlines findings in a study alone."""
    return any("labels" in op.declaration.gives for _, op in recipe.enabled_steps)


def is_quantitative(study: Study) -> bool:
    """Whether intensities have a unit (HU, SUV), so that smooth differences are real."""
    return study.modality in ("CT", "PT") or _has_hounsfield_air(study.image)


def _has_hounsfield_air(image: sitk.Image) -> bool:
    values = sitk.GetArrayViewFromImage(image)
    return bool(np.mean(values < AIR_HU) > 0.02) and noise_about_zero(values) is None


def _brain_of_head(study: Study, progress: Progress) -> sitk.Image | None:
    """Mask of the brain; None where the study is no MR of a head."""
    if _has_hounsfield_air(study.image):
        return None
    volume = prepare(study.image, None, f"Study '{study.name}'")
    where = np.argwhere(sitk.GetArrayViewFromImage(volume.foreground) > 0)
    if len(where) == 0 or np.any(np.ptp(where, axis=0)[::-1] * np.asarray(study.image.GetSpacing()) > HEAD_MM):
        return None
    try:
        brain = BRAIN(study.image, progress=progress)
    except InputError:
        return None
    size = np.count_nonzero(sitk.GetArrayViewFromImage(brain)) * Geometry.of(brain).voxel_volume / 1000
    return brain if BRAIN_ML[0] <= size <= BRAIN_ML[1] else None
