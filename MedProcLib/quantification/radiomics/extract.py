"""The features of the regions of a label map: what is done with each, in the standard's order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from ...core.boxes import Box, boxes_of
from ...core.errors import InputError
from ...core.geometry import require_same_grid, require_scalar
from ...core.progress import SILENT, Progress
from .chosen import TEXTURES, aggregations_of, families_of, filter_of, require_sound
from .discretization import discretized
from .feature import Definition, Feature, defined
from .histogram import histogram_features
from .morphology import morphological_features
from .outcome import RegionFeatures
from .region import Region, image_diagnostics, prepared
from .statistics import statistical_features
from .texture.features import texture_features
from .texture.region import region_of
from .texture.settings import TextureSettings
from .volume_histogram import region_volume_histogram

if TYPE_CHECKING:
    from .settings import Radiomics

PEAKS = (
    Definition("loc_peak_loc", "Local intensity peak", "VJGA", "intensity"),
    Definition("loc_peak_glob", "Global intensity peak", "0F91", "intensity"),
)
# Below so many voxels figures say little. Textures: in simulated alike tissue (noise of two coarsenesses, balls at 16
# places) the median texture feature varied by 11 to 27 % from place to place at 64 voxels, by 8 to 23 % at 500.
FEWEST_FOR_TEXTURE, FEWEST_FOR_SHAPE = 500, 64
# Voxels whose sides differ by more than this share make textures depend on direction.
ISOTROPIC = 0.05


def every_segment(
    image: sitk.Image,
    labels: sitk.Image | Sequence[sitk.Image],
    settings: Radiomics,
    progress: Progress = SILENT,
    only: Sequence[int] | None = None,
) -> list[RegionFeatures]:
    """Features of each label of a label map on the image's grid, ascending, or of those named.

    labels: several label maps where segments overlap, no label in two of them. A region that one of the steps empties
    has a note that says so instead of features. Raises InputError where that holds for all, for settings that choose
    nothing known, a label map on another grid, an empty one, and a label that is not there.
    """
    require_sound(settings)
    require_scalar(image)
    places = places_of(labels)
    for mask, _box in places.values():
        require_same_grid(image, mask, "the image and its mask")
    if not places:
        raise InputError("The mask is empty: no voxel has a label. Segment something first.")
    missing = sorted(set(only or ()) - set(places))
    if missing:
        raise InputError(f"The mask has no label {missing[0]}; it has: {', '.join(map(str, places))}.")
    wanted = [label for label in places if only is None or label in only]
    about = image_diagnostics(image, settings)
    found: list[RegionFeatures] = []
    for label, share in zip(wanted, progress.parts(*[1.0] * len(wanted)), strict=True):
        share(0.0, f"Features of label {label}")
        try:
            features, diagnostics, notes = _features(image, label, *places[label], settings, share)
        except InputError as error:
            if label == wanted[-1] and not any(each.features for each in found):
                raise
            found.append(RegionFeatures(label, (), about, (f"left out: {error}",)))
            continue
        found.append(RegionFeatures(label, tuple(features), about | diagnostics, notes))
    return found


def region_features(
    image: sitk.Image, mask: sitk.Image, settings: Radiomics, progress: Progress = SILENT
) -> RegionFeatures:
    """Features of the region where a mask on the image's grid is not 0. Raises InputError; see every_segment."""
    return every_segment(image, mask != 0, settings, progress)[0]


def places_of(labels: sitk.Image | Sequence[sitk.Image]) -> dict[int, tuple[sitk.Image, Box]]:
    """By label, ascending: the label map that holds it, and its box there. Raises InputError; see boxes_of_labels."""
    maps = [labels] if isinstance(labels, sitk.Image) else labels
    found = {label: (each, box) for each in maps for label, box in boxes_of_labels(each).items()}
    return dict(sorted(found.items()))


def boxes_of_labels(labels: sitk.Image) -> dict[int, Box]:
    """Box (z, y, x) of each label of a label map, ascending, background left out. Raises InputError for fractions."""
    require_scalar(labels, "The mask")
    view = sitk.GetArrayViewFromImage(labels)
    view = view if view.ndim == 3 else view[np.newaxis]
    if view.dtype.kind == "f":
        if not (np.isfinite(view).all() and (view == np.rint(view)).all()):
            raise InputError("The mask holds fractions; a label map of whole numbers is needed: threshold it first.")
        view = view.astype(np.int64)
    return boxes_of(view)


def _features(
    image: sitk.Image, label: int, labels: sitk.Image, box: Box, settings: Radiomics, progress: Progress
) -> tuple[list[Feature], dict[str, float], tuple[str, ...]]:
    """Features, diagnostics and notes of a label; what a family does not need any more is let go before it."""
    families, unit, dimensions = families_of(settings), _unit(settings), image.GetDimension()
    region = prepared(image, labels, label, box, settings)
    features: list[Feature] = []
    notes = list(region.notes)
    progress(0.2)
    if dimensions == 3 and "morphology" in families:
        features += morphological_features(region, unit)
        notes += _too_few("shape", region.morphological.count, FEWEST_FOR_SHAPE)
    progress(0.4)
    if region.peaks is not None:
        peaks = dict(zip((d.tag for d in PEAKS), region.peaks, strict=True))
        features += defined(PEAKS, "local intensity", peaks, unit)
    if dimensions == 2 and {"morphology", "local_intensity"} & set(families):
        notes.append("The image is 2D: shape and intensity peaks, which are of volumes, are left out")
    textures = tuple(TEXTURES[family] for family in families if family in TEXTURES)
    diagnostics, values = dict(region.diagnostics), region.values
    if textures or "histogram" in families:
        levels = discretized(values, settings.discretization, settings.bin_number, settings.bin_size, region.bounds[0])
        diagnostics |= {"levels": levels.count, "level_first_edge": levels.first, "level_width": levels.width}
    values.sort()  # nothing needs their order in the region from here on
    if "statistics" in families:
        features += statistical_features(values, unit)
    by_volume: list[Feature] = []
    if "volume_histogram" in families:
        by_volume = region_volume_histogram(values, region.bounds, settings, unit)
    if textures:
        notes += _too_few("textures", len(values), FEWEST_FOR_TEXTURE) + _about_textures(region, settings, dimensions)
    spacing, masks = region.spacing, (region.intensity, region.morphological)
    del region, values
    if "histogram" in families:
        features += histogram_features(levels.levels, levels.count)
    features += by_volume
    progress(0.5)
    if textures:
        chosen = _texture_settings(textures, settings, dimensions)
        discrete = region_of(levels.levels, levels.count, *masks, chosen.reach)
        del masks, levels
        features += texture_features(discrete, spacing, chosen, progress.part(0.5, 1))
    return features, diagnostics, tuple(notes)


def _too_few(what: str, voxels: int, fewest: int) -> list[str]:
    if voxels >= fewest:
        return []
    return [f"Fewer than {fewest} voxels, so the features of {what} are not reliable"]


def _unit(settings: Radiomics) -> str:
    """A filter's response is in units of its own."""
    return "intensity" if filter_of(settings) is not None else settings.intensity_unit


def _texture_settings(families: tuple[str, ...], settings: Radiomics, dimensions: int) -> TextureSettings:
    aggregations = aggregations_of(settings)
    if dimensions == 2:
        aggregations = tuple(name for name in aggregations if name.startswith("2D")) or ("2D_avg", "2D_comb")
    return TextureSettings(
        families=families,
        aggregations=aggregations,
        distance=settings.glcm_distance,
        norm=settings.glcm_norm,
        ngldm_alpha=settings.ngldm_alpha,
        ngldm_distance=settings.ngldm_distance,
        ngtdm_distance=settings.ngtdm_distance,
        distance_weighting=settings.distance_weighting,
    )


def _about_textures(region: Region, settings: Radiomics, dimensions: int) -> list[str]:
    used = region.spacing if settings.dimension == "3D" and dimensions == 3 else region.spacing[:2]
    if max(used) <= min(used) * (1 + ISOTROPIC):
        return []
    sides = " x ".join(f"{side:.3g}" for side in used)
    return [
        f"Voxels of {sides} mm are not isotropic, so textures depend on direction: set spacing_mm, or dimension '2D' "
        "where slices are far apart"
    ]
