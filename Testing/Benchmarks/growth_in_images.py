"""Real lesions that grow, shrink, come and go within real images: found, called right, and measured how well?

    python3 run.py bench growth_in_images [CASES [FIRST]]

Each case takes a real FLAIR study and puts lesions into usual tissue: the experts' lesions as smooth bodies of known
volume (see _grown), turned at random, with the contrast, the soft border and the uneven inside that lesions of MS have
in FLAIR, each voxel the mean of what it covers. In the second study, moved, of other voxels, shaded and noisy as in
`bench scan_rescan`, the same lesions have the border moved until their volume is the wanted multiple (-60 % to
+200 %), or are new, gone or the same; they are drawn on its own voxels. Both raw studies go through the default
comparison. Everything that a lesion touches is taken together; the truth is its volume at half of its height. Errors of
change are of the unbiased percentage, as shares of the true volume afterward; the interval is that of findings.csv.
Of volumes, how often the interval of the true volume holds it, and how often that from study to study does.
Needs ../shared/data beside the repository.
"""

import itertools
import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from _grown import Body, bodies
from _misplaced import SPACINGS, misplaced
from scan_rescan import shaded
from scipy import ndimage
from scipy.spatial.transform import Rotation
from simulated_growth import DATA, LEAST, MASKS, MOST, SMALLEST_MM3

from MedProcLib.comparison.growth.change import SizeChange, size_change
from MedProcLib.comparison.growth.measured import Measured, total
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import Comparison
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.tracks.volumes import compared, true_total
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.statistics import mode_and_sd
from MedProcLib.report.timeline import Timeline
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask
from MedProcLib.segmentation.detection.bright_outliers import BrightOutliers

IMAGES = ("02_mr/ms_cross_sectional_patient26/FLAIR.nii.gz", "03_longitudinal/ms_patient01/study1_FLAIR.nii.gz")
CASES, LESIONS = 12, 12
KINDS = ("changed",) * 7 + ("new", "new", "new", "gone", "same")
# of the 11 lesions of ms_cross_sectional_patient26: contrast to the mode, SD of the border, SD and size of the texture;
# half_height.CORE_MM was chosen by the same border, so softer ones may do worse than what is scored here
CONTRASTS_SD, SOFT_MM, UNEVEN, UNEVEN_MM = (2.5, 6.0), 0.8, 0.12, 1.5
USUAL_SD, DEEP_MM, APART_MM = 2.0, 6.0, 6.0
OWN_MM3 = 10.0
SIZES_MM3 = (0, 100, 300, 1e9)
NONE = Measured.exact(0.0), Measured.exact(0.0)


@dataclass(frozen=True)
class Lesion:
    """levels: of the border in both studies, None where it is not there; uneven: factor (z, y, x) at 1 mm about it."""

    kind: str
    body: Body
    levels: tuple[float | None, float | None]
    contrast: float
    uneven: np.ndarray

    @property
    def volumes(self) -> tuple[float, float]:
        before, after = (0.0 if level is None else self.body.volume(level) for level in self.levels)
        return before, after

    def added(self, grid: Geometry, time: int, to_own: np.ndarray):
        """Box of a grid and what the lesion adds there (z, y, x; SD)."""
        level = self.levels[time]
        assert level is not None
        box, share = self.body.shares(grid, level, SOFT_MM, to_own)
        z, y, x = np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij")
        points = grid.points(np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float)) @ to_own[:3, :3].T
        places = points + to_own[:3, 3] - self.body.center + np.array(self.uneven.shape) / 2
        factor = ndimage.map_coordinates(self.uneven, places.T[::-1], order=1, mode="nearest").reshape(share.shape)
        return box, self.contrast * share * factor


@dataclass(frozen=True)
class Result:
    """What the comparison makes of a lesion; size: None where neither study shows anything of it.

    volumes: with the interval of what another study would give; true: with that of the true volume.
    """

    lesion: Lesion
    spacing: tuple[float, ...]
    classes: frozenset[str]
    volumes: tuple[Measured, Measured]
    true: tuple[Measured, Measured]
    size: SizeChange | None


def main(cases: int = CASES, start: int = 0) -> None:
    """A line per case, then classes, and bias and coverage by kind, size and change."""
    if not DATA.exists():
        print(f"Needs the shared data at {DATA}.")
        return
    kinds = [body for name in MASKS for body in bodies(sitk.ReadImage(str(DATA / name)), SMALLEST_MM3)]
    results: list[Result] = []
    for seed in range(start, start + cases):
        results += case(seed, kinds)
    report(results)


def case(seed: int, kinds: list[Body], made=compare) -> list[Result]:
    """The results of one case; made: what compares two studies."""
    studies, matrix, lesions = pair_of(seed, kinds)
    comparison = made(studies)
    spacing = tuple(round(s, 2) for s in studies[1].image.GetSpacing())
    found = [Result(lesion, spacing, *seen(comparison, lesion, matrix)) for lesion in lesions]
    verdict = comparison.pairs[0].registration.verdict
    print(
        f"case {seed:2d}  second study in {spacing} mm, registration {verdict}: something of "
        f"{sum(r.size is not None for r in found)} of {len(found)} lesions",
        flush=True,
    )
    return found


def pair_of(seed: int, kinds: list[Body]) -> tuple[list[Study], np.ndarray, list[Lesion]]:
    """Both studies, the matrix (4 x 4) from the first to the second, and the lesions in the first one's space."""
    random = np.random.default_rng(900 + seed)
    path = DATA / IMAGES[(seed // len(SPACINGS)) % len(IMAGES)]
    plain = sitk.ReadImage(str(path), sitk.sitkFloat32)
    lesions, sd = _placed(plain, kinds, random)
    matrix, again = misplaced(plain, seed)
    first = _with(plain, lesions, 0, np.eye(4), sd)
    # misplaced() multiplies by 1.4: the lesions have to follow
    second = shaded(_with(again, lesions, 1, np.linalg.inv(matrix), 1.4 * sd), seed)
    return [Study("first", first, modality="MR"), Study("second", second, modality="MR")], matrix, lesions


def _placed(image: sitk.Image, kinds: list[Body], random) -> tuple[list[Lesion], float]:
    """Lesions in usual tissue, apart from each other, and the SD of tissue in the image's intensity."""
    grid = Geometry.of(image)
    brain = BrainMask()(image)
    inside = sitk.GetArrayViewFromImage(brain) != 0
    spacing = tuple(reversed(grid.spacing))
    smooth = ndimage.gaussian_filter(sitk.GetArrayViewFromImage(image), [0.7 / s for s in spacing])
    mode, sd = mode_and_sd(smooth[inside])
    deep = ndimage.distance_transform_edt(inside, spacing)
    free = ndimage.distance_transform_edt(np.abs(smooth - mode) < USUAL_SD * sd, spacing)
    # what is outlined in the study as it is: nobody knows the volume of a lesion that touches it
    own = BrightOutliers(low=2.5, high=2.5, minimum_volume_mm3=OWN_MM3)(image, brain)
    apart = ndimage.distance_transform_edt(sitk.GetArrayViewFromImage(own) == 0, spacing)
    lesions: list[Lesion] = []
    # the largest first, as they fit in few places
    chosen = sorted((kinds[n] for n in random.permutation(len(kinds))[:LESIONS]), key=lambda b: -b.volume(0.0))
    roles = random.permutation(KINDS)
    for body, kind in zip(chosen, roles, strict=False):
        factor = float(np.exp(random.uniform(np.log(1 + LEAST / 100), np.log(1 + MOST / 100))))
        levels = {
            "changed": (0.0, body.level(factor)), "new": (None, 0.0), "gone": (0.0, None), "same": (0.0, 0.0)
        }[str(kind)]  # fmt: skip
        largest = max(level for level in levels if level is not None)
        radius = float(np.cbrt(0.75 / np.pi * body.volume(largest)))
        room = (deep > radius + DEEP_MM) & (free > 0.6 * radius + 1) & (apart > radius + APART_MM)
        places = np.argwhere(room)[:, ::-1]
        for place in random.permutation(places)[:200]:
            center = grid.points((place + random.uniform(-0.5, 0.5, 3))[None])[0]
            moved = _moved(body, center, Rotation.random(random_state=int(random.integers(2**31))).as_matrix())
            gap = radius + APART_MM
            if all(np.linalg.norm(center - v.body.center) > gap + v.body.reach(0.0) for v in lesions):
                size = int(2 * body.reach(largest)) + 8
                uneven = ndimage.gaussian_filter(random.normal(size=(size,) * 3), UNEVEN_MM)
                lesions.append(
                    Lesion(str(kind), moved, levels, random.uniform(*CONTRASTS_SD), 1 + UNEVEN * uneven / uneven.std())
                )
                break
    return lesions, sd


def _moved(body: Body, center: np.ndarray, turn: np.ndarray) -> Body:
    axes = turn @ body.axes
    return Body(body.distance, center - axes @ (body.axes.T @ (body.center - body.origin)), axes)


def _with(image: sitk.Image, lesions: list[Lesion], time: int, to_first: np.ndarray, sd: float) -> sitk.Image:
    grid, values = Geometry.of(image), sitk.GetArrayFromImage(image)
    for lesion in lesions:
        if lesion.levels[time] is not None:
            box, added = lesion.added(grid, time, to_first)
            values[box] += (sd * added).astype(np.float32)
    return grid.image_of(values)


def seen(
    comparison: Comparison, lesion: Lesion, matrix: np.ndarray
) -> tuple[frozenset[str], tuple[Measured, Measured], tuple[Measured, Measured], SizeChange | None]:
    """(classes, volumes before and after, true ones, change) of all findings that a lesion touches, in either study."""
    pair, timeline = comparison.pairs[0], Timeline.of(comparison)
    numbers: set[int] = set()
    for labels, level, to_first in (
        (pair.fixed_labels, lesion.levels[0], np.eye(4)),
        (pair.moving_labels, lesion.levels[1], np.linalg.inv(matrix)),
    ):
        if level is not None:
            box, share = lesion.body.shares(Geometry.of(labels), level, SOFT_MM, to_first)
            numbers |= set(np.unique(sitk.GetArrayViewFromImage(labels)[box][share > 0.5]).tolist()) - {0}
    found = [finding for finding in pair.findings if finding.number in numbers]
    if timeline is None or not found:
        return frozenset(), NONE, NONE, None
    tracks = [timeline.patient.track(name) for finding in found for name in finding.tracks]
    sides = [[o for track in tracks if (o := timeline.at(track, n))] for n in (0, 1)]
    before, after = (total(o.volume for o in side) if side else Measured.exact(0.0) for side in sides)
    first, other = (true_total(side) if side else Measured.exact(0.0) for side in sides)
    size = size_change(*compared(*sides), timeline.relevant_percent)
    return frozenset(finding.change.value for finding in found), (before, after), (first, other), size


def report(results: list[Result]) -> None:
    """Classes by kind; bias of volumes; bias and coverage of the change."""
    print("\nkind      lesions  classes")
    for kind in ("changed", "same", "new", "gone"):
        of_kind = [r for r in results if r.lesion.kind == kind]
        counted = Counter("not seen" if r.size is None else " + ".join(sorted(r.classes)) for r in of_kind)
        print(f"{kind:9} {len(of_kind):7d}  {', '.join(f'{n} {c}' for c, n in counted.most_common())}")
    whole = [r for r in results if r.size is not None and not r.classes & {"new", "gone"} and min(r.lesion.volumes) > 0]
    called = [r for r in whole if r.classes & {"grown", "shrunk"}]
    print("\nvolume, measured / true        lesions    mean  median   sum   its interval holds it   that of a repeat")
    for name, chosen in (
        ("before, in both studies", [(r, 0) for r in whole]),
        ("after, in both studies", [(r, 1) for r in whole]),
        ("new or gone", [(r, int(r.lesion.kind == "new")) for r in results if r.lesion.kind in ("new", "gone")]),
        *(
            (f"{low:g} to {high:g} mm3", [(r, t) for r in results for t in (0, 1) if low < r.lesion.volumes[t] <= high])
            for low, high in itertools.pairwise(SIZES_MM3)
        ),
        *(
            (f"second study in {s} mm", [(r, 1) for r in results if r.spacing == s])
            for s in sorted({r.spacing for r in results})
        ),
    ):
        pairs = [(r.true[t], r.volumes[t], r.lesion.volumes[t]) for r, t in chosen]
        _volumes(name, [each for each in pairs if min(each[0].value, each[2]) > 0])
    print("\nchange                        lesions   mean error      median      SD   interval holds truth  half-width")
    _changes("in both studies", whole)
    _changes("called grown or shrunk", called)
    _changes("called stable", [r for r in whole if r.classes == {"stable"}])
    for low, high in itertools.pairwise(SIZES_MM3):
        _changes(f"called, {low:g} to {high:g} mm3", [r for r in called if low < max(r.lesion.volumes) <= high])
    for spacing in sorted({r.spacing for r in results}):
        _changes(f"called, {spacing} mm", [r for r in called if r.spacing == spacing])


def _volumes(name: str, found: list[tuple[Measured, Measured, float]]) -> None:
    """A line of (true, repeated, truth), the first two with their intervals."""
    if not found:
        return
    ratio = np.array([m.value / truth for m, _, truth in found])
    summed = sum(m.value for m, *_ in found) / sum(truth for *_, truth in found)
    holds = [
        100 * np.mean([each[n].limits[0] <= each[2] <= each[n].limits[1] for each in found if each[n].limits])
        for n in (0, 1)
    ]
    print(
        f"{name:30} {len(found):6d} {ratio.mean():7.2f} {np.median(ratio):7.2f} {summed:5.2f} {holds[0]:14.0f} % "
        f"{holds[1]:14.0f} %",
        flush=True,
    )


def _changes(name: str, results: list[Result]) -> None:
    if not results:
        return
    sizes = [r.size for r in results if r.size is not None and r.size.percent is not None]
    truth = np.array([100 * (r.lesion.volumes[1] / r.lesion.volumes[0] - 1) for r in results])
    measured = np.array([s.unbiased_percent for s in sizes], float)
    limits = np.array([s.percent.limits or (np.nan, np.nan) for s in sizes if s.percent is not None])
    error = 100 * (measured - truth) / (100 + truth)
    holds = (limits[:, 0] <= truth) & (truth <= limits[:, 1])
    width = np.median(100 * (limits[:, 1] - limits[:, 0]) / 2 / (100 + truth))
    print(
        f"{name:28} {len(results):7d} {error.mean():+7.1f} ± {error.std() / np.sqrt(len(error)):3.1f} % "
        f"{np.median(error):+9.1f} % {error.std():6.1f} % {100 * holds.mean():12.0f} % {width:15.0f} %",
        flush=True,
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
