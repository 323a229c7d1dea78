"""Lung fields of a frontal chest radiograph."""

import itertools
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, foreground, inside, values_of
from ..common.connectivity import connected_components
from ..common.field_of_view import continued, outside_field
from ..common.morphology import closed, dilated, eroded, filled
from ..common.slice_by_slice import hull
from ..common.upright import FILLS
from ..common.working_grid import mask_on_image, on_working_grid
from .lung_field_border import SURROUNDINGS_MM, at_edges, locally_normalized, with_apex

WORKING_MM = 2.0
# The longer side of a chest radiograph, newborns' to large detectors', and what one without a pixel size is taken for.
SMALLEST_MM, LARGEST_MM, USUAL_MM = 100.0, 600.0, 400.0
# Air beside the patient lies along the picture's border, a lung at most with its tip.
MOST_ALONG_BORDER = 0.15
# So many pixels are the picture's border; a share of the lungs there counts so much against contrast in SD.
RIM, BORDER_COUNTS = 4, 10.0
# Lungs are this share of the picture at least, and no smaller than this share of the other one.
LEAST_SHARE, LEAST_OF_OTHER = 0.02, 0.25
# Where it is not said how bones are shown, a pair less likely than this (true ones 0.7 at least in 310 pictures) or of
# more of the picture (true ones 0.46 at most) is none: shoulders and belly, with bones taken for dark by mistake.
LEAST_LIKELY, MOST_SHARE = 0.6, 0.5
# The middles of the lungs are apart by this share of the picture's width at least.
APART = 0.2
# A lung field is about as high as wide in an infant, and higher in others; both reach over the same rows by this share
# of the lower one. In pictures of other kinds, taken from the side say, transparent places lie otherwise.
LEAST_HIGH, SAME_ROWS = 0.8, 0.5
# Pictures turned by less are taken as they are.
LEAST_TURN_DEG = 2.0
# The edge of a turned picture goes on for so much.
EDGE_MM = 10.0
# The cores of the lungs are found so much below Otsu's threshold (SD of the surroundings; tried until two are apart),
# where air of the stomach is another piece; then they grow to the threshold itself, by so much at most.
CORES, GROWTH_MM = (0.3, 0.45, 0.6, 0.8, 0.15, 0.0), 10.0


@operation(
    "segmentation.radiograph_lungs",
    title="Lung fields of a chest radiograph",
    gives="labels",
    source="Local normalization and rules on regions as reviewed in van Ginneken, ter Haar Romeny & Viergever, "
    "Computer-aided diagnosis in chest radiography: a survey, IEEE TMI 20(12), 2001; Otsu, IEEE SMC 9(1), 1979; "
    "border: Li, Wu, Chen & Sonka, Optimal surface segmentation, IEEE PAMI 28(1), 2006",
)
class RadiographLungs:
    """Outline both lung fields in a frontal chest radiograph: what is more transparent than its surroundings.

    The part behind heart and diaphragm is left out. The lung on the picture's left is the patient's right one, unless
    the image's direction says otherwise; of a radiograph that was mirrored the names are wrong. A picture that lies
    turned in its image, with one value in the corners, is set upright by the image's direction first. A picture that is
    longer than 600 mm or shorter than 100 has no true pixel size and is taken for one of 400 mm.
    """

    bones: Annotated[
        Literal["automatic", "bright", "dark"],
        "how bones are shown; automatic: the middle of the picture is the denser",
    ] = "automatic"
    surroundings_mm: Annotated[
        float, Range(5, 200, "mm"), "SD of the Gaussian that says what the surroundings are: about half a lung's width"
    ] = 45.0
    opening_mm: Annotated[
        float, Range(0, 20, "mm"), "radius that cuts bridges to the stomach's air and to the neck"
    ] = 5.0
    closing_mm: Annotated[
        float, Range(0, 60, "mm"), "radius of the dents that are filled: ribs, clavicles, vessels"
    ] = 18.0

    structures = {1: "lung_right", 2: "lung_left"}  # noqa: RUF012 - read only

    def __call__(self, image, mask=None, progress=SILENT):
        if sum(n > 1 for n in image.GetSize()) > 2:
            raise InputError(f"A radiograph is one picture; this image has {image.GetSize()[2]} slices.")
        original, image = Geometry.of(image), _to_scale(image)
        values, valid = values_of(image)
        region = inside(mask, valid)
        first, work, last = progress.parts(1, 6, 1)
        source = Geometry.of(image)
        angle, unseen = _turn(source), outside_field(image)
        seen = valid if unseen is None else valid & ~unseen
        if angle and not _lies_turned(seen, source, angle):
            angle = 0.0
        if angle:
            # so that the picture's edge is not mixed with what stands outside
            values = continued(values, ~seen, round(EDGE_MM / min(source.spacing)) + 1)
        grid, picture, _ = on_working_grid(image, values, valid, WORKING_MM, first)
        flat, plane = _flat(grid), picture.squeeze()
        upright = _upright_plane(flat, angle, _on_grid(seen, source, grid)) if angle else flat
        found = upright.image_of(_lungs(self, _at(plane, flat, upright), upright, work))
        labels = sitk.GetArrayFromImage(resample(found, flat, interpolator=sitk.sitkNearestNeighbor))
        labels = _by_side(labels.reshape(picture.shape), grid)
        right, left = (sitk.GetArrayFromImage(mask_on_image(labels == value, grid, image, last)) for value in (1, 2))
        result = np.where(right != 0, 1, 2 * left).astype(np.uint8)
        # lungs are found by what lies around them, so a mask cuts the result only
        result[~region] = 0
        if not result.any():
            raise InputError("Both lung fields lie outside the mask: draw it over them, or leave it out.")
        return original.image_of(result)


def _to_scale(image: sitk.Image) -> sitk.Image:
    """The picture at a chest's size, where its pixel size cannot be true: files of pictures seldom tell it."""
    grid = Geometry.of(image)
    longest = max(n * side for n, side in zip(grid.size, grid.spacing, strict=True) if n > 1 or max(grid.size) == 1)
    if SMALLEST_MM <= longest <= LARGEST_MM:
        return image
    spacing = tuple(side * USUAL_MM / longest for side in grid.spacing)
    return Geometry(grid.size, spacing, grid.origin, grid.direction).image_of(sitk.GetArrayViewFromImage(image))


def _turn(grid: Geometry) -> float:
    """Angle (radians) in the picture's plane from its first axis to the patient's nearest one; 0 for a small one."""
    axes = [axis for axis in range(grid.dimension) if grid.size[axis] > 1]
    if len(axes) < 2:
        return 0.0
    plane = np.reshape(grid.direction, (grid.dimension,) * 2)[:, axes]
    nearest = int(np.argmax(np.abs(plane[:, 0])))
    along = plane[nearest] * np.sign(plane[nearest, 0])
    angle = float(np.arctan2(along[1], along[0]))
    return angle if abs(angle) >= np.radians(LEAST_TURN_DEG) else 0.0


def _lies_turned(seen: np.ndarray, source: Geometry, angle: float) -> bool:
    """Whether what is seen fills a box along the patient's axes better than one along the picture's own."""
    flat = _flat(source)
    places = flat.points(np.argwhere(seen.squeeze())[:, ::-1])
    own, upright = (float(np.prod(np.ptp(points, axis=0))) for points in (places, places @ _matrix(angle)))
    return upright < FILLS * own


def _matrix(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _on_grid(seen: np.ndarray, source: Geometry, grid: Geometry) -> np.ndarray:
    """Where (y, x) of the working grid the picture shows something."""
    shown = extended(source.image_of(seen.astype(np.uint8)))
    return sitk.GetArrayFromImage(resample(shown, grid, interpolator=sitk.sitkNearestNeighbor)).squeeze() != 0


def _upright_plane(flat: Geometry, angle: float, seen: np.ndarray) -> Geometry:
    """Grid in the picture's plane (as `flat`) along the patient's nearest axes, over what (y, x) of it is seen."""
    turn = _matrix(angle)
    places, side = flat.points(np.argwhere(seen)[:, ::-1]) @ turn, min(flat.spacing)
    low = places.min(axis=0)
    width, height = np.maximum(2, np.round(np.ptp(places, axis=0) / side)).astype(int).tolist()
    x, y = (turn @ low).tolist()
    return Geometry((width, height), (side, side), (x, y), tuple(turn.ravel().tolist()))


def _at(picture: np.ndarray, flat: Geometry, upright: Geometry) -> np.ndarray:
    """The picture (y, x) on the upright grid."""
    if upright == flat:
        return picture
    return sitk.GetArrayFromImage(
        resample(extended(flat.image_of(picture)), upright, default_value=float(picture.min()))
    )


def _flat(grid: Geometry) -> Geometry:
    """The grid of the picture alone, its axes those of the array."""
    axes = [axis for axis in range(grid.dimension) if grid.size[axis] > 1]
    if len(axes) < 2:
        raise InputError("The image is a line of pixels, not a radiograph.")
    size, spacing = tuple(grid.size[axis] for axis in axes), tuple(grid.spacing[axis] for axis in axes)
    return Geometry(size, spacing, (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))


def _lungs(settings: RadiographLungs, picture: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    """Label map (y, x) with 1 and 2 for the two lungs in any order. Raises InputError."""
    signs = {"automatic": (1, -1), "bright": (1,), "dark": (-1,)}[settings.bones]
    pairs = []
    for turn, sign in enumerate(signs):
        progress(turn / len(signs), "Finding lungs")
        pair = _found(settings, sign * picture, grid)
        if pair is None:
            continue
        likely = _likeliness(pair, sign * picture)
        if len(signs) == 1 or (likely >= LEAST_LIKELY and np.count_nonzero(pair) <= MOST_SHARE * pair.size):
            pairs.append((likely, sign, pair))
    if not pairs:
        raise InputError(
            "No two lung fields were found: is this a frontal chest radiograph, with the right 'bones' setting? "
            "A smaller closing or larger opening radius helps where they run together."
        )
    _, sign, pair = max(pairs, key=lambda found: found[0])
    apart = locally_normalized(sign * picture, grid, SURROUNDINGS_MM)
    result = np.zeros_like(pair)
    for value in (1, 2):
        field = at_edges(with_apex(pair == value, apart, grid), apart, grid)
        result[field & (pair != 3 - value) & (result == 0)] = value
    return result


def _found(settings: RadiographLungs, density: np.ndarray, grid: Geometry) -> np.ndarray | None:
    """The two lungs (1 and 2) about where they are, or None."""
    apart = locally_normalized(density, grid, settings.surroundings_mm)
    dense = foreground(apart, np.ones(apart.shape, bool))
    threshold = (float(apart[dense].min()) + float(apart[~dense].max())) / 2
    for offset in CORES:
        pair = _pair(settings, apart < threshold - offset, grid)
        if pair is not None:
            return _smooth(settings, _grown(pair, apart < threshold, grid), grid)
    return None


def _likeliness(pair: np.ndarray, density: np.ndarray) -> float:
    """How much (SD of the picture) denser it is between and around the lungs than in them, less for what lies along the
    picture's border: where bones are taken for dark by mistake, shoulders and the sides of the belly pass for lungs."""
    lungs = pair > 0
    within = np.zeros_like(lungs)
    within[RIM:-RIM, RIM:-RIM] = True
    between = hull(lungs) & ~lungs
    contrast_sd = (density[between].mean() - density[lungs].mean()) / density.std()
    return float(contrast_sd - BORDER_COUNTS * np.count_nonzero(lungs & ~within) / np.count_nonzero(lungs))


def _pair(settings: RadiographLungs, transparent: np.ndarray, grid: Geometry) -> np.ndarray | None:
    """The two lungs (1 and 2) among the transparent regions, or None."""
    opened = eroded(transparent, grid, settings.opening_mm) if settings.opening_mm else transparent
    numbers, counts = connected_components(grid.image_of(opened), "face")
    border = np.zeros(numbers.shape, bool)
    reach = max(1, round(settings.opening_mm / min(grid.spacing)) + 1)
    border[:reach], border[-reach:], border[:, :reach], border[:, -reach:] = True, True, True, True
    rim = np.where(ndimage.binary_erosion(numbers != 0, border_value=0), 0, numbers)
    on_rim, along = (np.bincount(rim[where].ravel(), minlength=len(counts)) for where in (rim > 0, border & (rim > 0)))
    lungs = [
        number
        for number in range(1, len(counts))
        if counts[number] >= LEAST_SHARE * numbers.size and along[number] <= MOST_ALONG_BORDER * max(on_rim[number], 1)
    ]
    columns = {number: float(np.nonzero(numbers == number)[1].mean()) / numbers.shape[1] for number in lungs}
    best, best_score = None, 0.0
    for one, other in itertools.combinations(lungs, 2):
        apart = abs(columns[one] - columns[other])
        likeness = min(counts[one], counts[other]) / max(counts[one], counts[other])
        if apart <= APART or likeness < LEAST_OF_OTHER:
            continue
        # air between arm and body is farther from the middle, or farther apart
        score = likeness * (1 - abs(columns[one] + columns[other] - 1)) / apart
        if score <= best_score:
            continue
        pair = np.zeros(numbers.shape, np.uint8)
        for value, lung in enumerate((one, other), 1):
            # a rib may part a lung in two
            piece = np.isin(numbers, [n for n in lungs if abs(columns[n] - columns[lung]) <= APART])
            if settings.opening_mm:
                piece = dilated(piece, grid, settings.opening_mm + min(grid.spacing) / 2) & transparent
            pair[piece & (pair == 0)] = value
        if _as_lungs_lie(pair, grid):
            best, best_score = pair, score
    return best


def _as_lungs_lie(pair: np.ndarray, grid: Geometry) -> bool:
    """Whether the two (1 and 2) stand beside each other, higher than wide."""
    (rows, columns), (other_rows, other_columns) = ndimage.find_objects(pair)
    both = min(rows.stop, other_rows.stop) - max(rows.start, other_rows.start)
    lower = min(rows.stop - rows.start, other_rows.stop - other_rows.start)
    width, height = grid.spacing
    return both >= SAME_ROWS * lower and all(
        (y.stop - y.start) * height >= LEAST_HIGH * (x.stop - x.start) * width
        for y, x in ((rows, columns), (other_rows, other_columns))
    )


def _grown(pair: np.ndarray, transparent: np.ndarray, grid: Geometry) -> np.ndarray:
    """The cores grown into what is transparent near them."""
    result = pair.copy()
    for value in (1, 2):
        near = dilated(pair == value, grid, GROWTH_MM) & transparent & (result == 0)
        result[near] = value
    return result


def _smooth(settings: RadiographLungs, pair: np.ndarray, grid: Geometry) -> np.ndarray:
    """Each lung with its dents and holes filled, not over the other."""
    result = np.zeros_like(pair)
    for value in (1, 2):
        whole = filled(closed(pair == value, grid, settings.closing_mm), grid)
        result[whole & (pair != 3 - value) & (result == 0)] = value
    return result


def _by_side(labels: np.ndarray, grid: Geometry) -> np.ndarray:
    """1 for the lung whose middle lies more to the patient's right (LPS: smaller first coordinate), 2 for the other."""
    middles = [grid.points(np.argwhere(labels == value)[:, ::-1]).mean(axis=0)[0] for value in (1, 2)]
    return labels if middles[0] <= middles[1] else np.array([0, 2, 1], labels.dtype)[labels]
