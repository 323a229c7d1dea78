"""Every anatomy preset on the same image placed otherwise: does it find the same there?

    python Testing/Benchmarks/anatomy_placed.py [preset ...]

Needs ../shared/data. Of each preset: Dice of what is found in the image turned by 37 degrees about an oblique axis (a
picture: in its plane), mirrored, and in slices of 3 mm, with what is found in the image as it is, brought there by
linear interpolation and compared at the voxels of the image placed so. In parentheses is what bringing a region there
costs by itself: the Dice that the first result keeps when it is brought there and back. Small and thin things on large
voxels lose much of it by that alone; "fall" is the most that a result loses beyond it. Where a reference exists,
anatomy_ct, anatomy_mr, anatomy_pet and muscle compare with that. Images of thick slices are turned to voxels of equal
sides: slices that are thick along an oblique axis show less. Slices of 3 mm are left out where the image has slices of
3 mm or more, or is small. What is numbered as it is found (lesions, nuclei) is compared as a whole; of lists of
candidates is printed besides how many are found again at their place, and of the other list, how many were there (in
parentheses of the ten best). Seconds are those of processor time, of the image as it is.
"""

import itertools
import json
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT))

from _placed import THICK_MM, brought_back, dice, placements, there, turned  # noqa: E402

from MedProcLib.core.errors import InputError  # noqa: E402
from MedProcLib.core.files import read_image, read_image_file  # noqa: E402
from MedProcLib.quantification.suv.suv_image import suv_image  # noqa: E402
from MedProcLib.segmentation.detection.candidate import Candidate  # noqa: E402
from MedProcLib.segmentation.naming import structures_of  # noqa: E402
from MedProcLib.segmentation.presets.presets import preset_named  # noqa: E402

MOST_FALL = 0.02
# A candidate is found again where one lies so near.
AGAIN_MM = 3.0
CT_AIR = -1024.0
# Images less deep than this are not cut into slices of 3 mm.
LEAST_DEEP_MM = 30.0
# Turned images have voxels of the finest side, but no smaller ones than this, nor many more voxels.
FINEST_MM, MOST_VOXELS = 1.0, 1.5e7


@dataclass(frozen=True)
class Input:
    """An image, the value of what lies around it, and of labels (z, y, x; by name) where points are put."""

    image: sitk.Image
    outside: float = 0.0
    places: Callable[[], Sequence[tuple[float, ...]]] = tuple


def _example() -> Input:
    folder = DATA / "01_ct" / "totalseg_example"
    image, labels = read_image(str(folder / "ct.nii.gz")), sitk.ReadImage(str(folder / "labels_total117.nii.gz"))
    numbers = {name: int(k) for k, name in json.loads((folder / "labels.json").read_text()).items()}
    values = sitk.GetArrayFromImage(labels)
    return Input(
        image, CT_AIR, lambda: [_deepest(values == numbers[f"kidney_{side}"], image) for side in ("right", "left")]
    )


def _slab() -> Input:
    return Input(_unpacked(DATA / "01_ct" / "totalseg_dicom" / "ct_dicom.zip", read_image), CT_AIR)


def _chest() -> Input:
    folder = DATA / "01_ct" / "pyradiomics_lung1"
    image, lesion = (sitk.ReadImage(str(folder / f"{name}.nrrd")) for name in ("image", "label"))
    return Input(image, CT_AIR, lambda: [_deepest(sitk.GetArrayFromImage(lesion) > 0, image)])


def _pet() -> Input:
    def in_suv(folder: str) -> sitk.Image:
        found = read_image_file(folder)
        return suv_image(found.slices, found.image).image

    return Input(_unpacked(DATA / "04_pet" / "sts001_fdg" / "pet_dicom.zip", in_suv))


def _prostate() -> Input:
    folder = DATA / "10_registration" / "prostate_mr_trus_case000000"
    image = sitk.ReadImage(str(folder / "fixed_images.nii.gz"))
    gland = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "fixed_labels.nii.gz")))[0] > 0
    return Input(image, 0.0, lambda: [_deepest(gland, image)])


def _tumor() -> Input:
    image = read_image(str(DATA / "02_mr" / "brats_2013_pat0005_1" / "Flair_subtrMeanDivStd.nii.gz"))
    return Input(image, float(sitk.GetArrayViewFromImage(image).min()))


def _brain(kind: str) -> Callable[[], Input]:
    return lambda: Input(read_image(str(DATA / "02_mr" / "ms_cross_sectional_patient26" / f"{kind}.nii.gz")))


def _head() -> Input:
    return Input(read_image(str(DATA / "03_longitudinal" / "ms_patient01" / "study2_FLAIR.nii.gz")))


def _radiograph() -> Input:
    image = sitk.ReadImage(str(DATA / "06_dicom" / "single_and_multiframe" / "gdcm-CR-MONO1-10-chest.dcm"))[:, :, 0]
    image.SetSpacing((0.8, 0.8))  # the file says none: about that of such a chest
    return Input(image, float(sitk.GetArrayViewFromImage(image).min()))


def _nuclei(dark: bool) -> Callable[[], Input]:
    """Blurred disks of 8 to 14 pixels, some touching, in noise."""

    def made() -> Input:
        rng = np.random.default_rng(1)
        y, x = np.indices((240, 320)).astype(float)
        share = np.zeros(y.shape)
        for cy in range(20, 230, 22):
            for cx in range(20, 310, 22):
                at, radius = np.array([cy, cx]) + rng.uniform(-4, 4, 2), rng.uniform(4, 7)
                share = np.maximum(share, np.clip(radius - np.hypot(y - at[0], x - at[1]) + 0.5, 0, 1))
        bright = 20 + 100 * ndimage.gaussian_filter(share, 1.0) + rng.normal(0, 6, y.shape)
        values = 200 - bright if dark else bright
        return Input(sitk.GetImageFromArray(values.astype(np.float32)), 180.0 if dark else 20.0)

    return made


# Preset and image.
CASES: tuple[tuple[str, str], ...] = (
    ("ct_lungs", "example"),
    ("ct_lungs", "chest"),
    ("ct_nodules", "chest"),
    ("ct_airways", "chest"),
    ("ct_body", "example"),
    ("ct_body", "slab"),
    ("ct_without_table", "slab"),
    ("ct_bones", "example"),
    ("ct_bones", "slab"),
    ("ct_calcifications", "example"),
    ("ct_fat_muscle", "example"),
    ("ct_fat_muscle", "slab"),
    ("ct_liver", "example"),
    ("ct_liver", "slab"),
    ("ct_kidneys", "example"),
    ("mr_head", "head"),
    ("mr_brain", "head"),
    ("mr_white_matter_lesions", "FLAIR"),
    ("mr_ventricles", "FLAIR"),
    ("mr_ventricles", "T1"),
    ("mr_tissues", "T1"),
    ("mr_tissues_t2", "T2"),
    ("mr_tissues_flair", "FLAIR"),
    ("mr_brain_tumor", "tumor"),
    ("pet_lesions", "pet"),
    ("radiograph_lungs", "radiograph"),
    ("us_region", "prostate"),
    ("outline_around_point", "chest"),
    ("nuclei", "nuclei"),
    ("nuclei_stained_dark", "stained"),
)
IMAGES: dict[str, Callable[[], Input]] = {
    "example": _example,
    "slab": _slab,
    "chest": _chest,
    "head": _head,
    **{kind: _brain(kind) for kind in ("FLAIR", "T1", "T2")},
    "tumor": _tumor,
    "pet": _pet,
    "radiograph": _radiograph,
    "prostate": _prostate,
    "nuclei": _nuclei(False),
    "stained": _nuclei(True),
}


def main(wanted: Sequence[str]) -> None:
    if not DATA.is_dir():
        print(f"{DATA} is not there; nothing to compare with")
        return
    ways = list(placements(0.0))[1:]
    print(f"{'':44s}{'ml':>8s}" + "".join(f"{way:>22s}" for way in ways) + f"{'fall':>8s}{'s':>8s}", flush=True)
    names = [name for name in IMAGES if any(_wanted(preset, wanted) for preset, image in CASES if image == name)]
    worst: dict[str, float] = {}
    # the images are independent of each other: two at a time, in processes of one thread
    with ProcessPoolExecutor(2) as pool:
        for rows in pool.map(_of_image, names, itertools.repeat(tuple(wanted))):
            for text, title, fall in rows:
                print(text, flush=True)
                if title:
                    worst[title] = fall
    over = [title for title, fall in worst.items() if fall > MOST_FALL]
    print(
        f"\n{len(worst) - len(over)} of {len(worst)} fall by at most {MOST_FALL}"
        + "".join(f"\n  not {t}" for t in over)
    )


def _wanted(preset: str, wanted: Sequence[str]) -> bool:
    return not wanted or preset in wanted


def _of_image(name: str, wanted: Sequence[str]) -> list[tuple[str, str, float]]:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    placed = _Placed(IMAGES[name]())
    presets = [preset for preset, image in CASES if image == name and _wanted(preset, wanted)]
    return [row for preset in presets for row in _rows(preset, name, placed)]


class _Placed:
    """An image in all ways that it can be placed, each made once; a way can be taken with other values outside."""

    def __init__(self, given: Input) -> None:
        self.given, spacing = given, given.image.GetSpacing()
        cube = float(np.linalg.norm(np.multiply(spacing, given.image.GetSize()))) ** 3 / 2
        side = max(FINEST_MM, min(spacing), (cube / MOST_VOXELS) ** (1 / 3))
        side = None if len(spacing) == 2 or np.ptp(spacing) < 0.01 else side

        def ways(outside: float) -> dict[str, Callable[[sitk.Image], sitk.Image]]:
            result = placements(outside)
            result["turned 37 deg"] = lambda image: turned(image, outside, side_mm=side)
            if len(spacing) == 2 or spacing[2] >= THICK_MM or spacing[2] * given.image.GetDepth() < LEAST_DEEP_MM:
                del result["3 mm slices"]
            return result

        # of masks nothing lies outside
        self.ways = ways(0.0)
        self.images = {way: place(given.image) for way, place in ways(given.outside).items()}
        self.points = given.places()

    def seeds(self, way: str) -> sitk.Image:
        image = self.images[way]
        values = np.zeros(tuple(reversed(image.GetSize())), np.uint8)
        for number, point in enumerate(self.points, 1):
            values[image.TransformPhysicalPointToIndex(point)[::-1]] = number
        seeds = sitk.GetImageFromArray(values)
        seeds.CopyInformation(image)
        return seeds


def _rows(preset: str, name: str, placed: _Placed) -> Iterator[tuple[str, str, float]]:
    """For each part that the preset names (and for all, when it numbers them) a row's text, its title and its fall.

    Rows that say something else have no title.
    """
    asks, recipe = preset_named(preset).seeds, preset_named(preset).recipe()
    found, listed, seconds = {}, {}, 0.0
    for way, image in placed.images.items():
        start = time.process_time()
        try:
            things = {"seeds": placed.seeds(way)} if asks else {}
            result = recipe.run(image=image, **things)
            labels, listed[way] = result["labels"], result.get("candidates")
        except InputError as error:
            yield f"{preset} ({name}), {way}: {error}", "", 0.0
            labels = sitk.Image(image.GetSize(), sitk.sitkUInt8)
            labels.CopyInformation(image)
        seconds = seconds or time.process_time() - start
        found[way] = labels
    if not np.any(sitk.GetArrayViewFromImage(found["as it is"])):
        return
    parts = {value: entry.name for value, entry in structures_of(recipe).items() if value} or {0: "all"}
    original, volume = placed.given.image, float(np.prod(placed.given.image.GetSpacing())) / 1000
    for value, part in parts.items():
        first = _part(found["as it is"], value)
        words, falls = [], [0.0]
        for way in list(placements(0.0))[1:]:
            if way not in placed.ways:
                words.append("-")
                continue
            place = placed.ways[way]
            score = dice(_part(found[way], value), there(first, original, place))
            kept = _kept(first, original, place)
            falls.append(kept - score)
            words.append(f"{score:12.3f} ({kept:.3f}) ")
        title = f"{preset} ({name}) {part}"
        text = f"{title:44s}{np.count_nonzero(first) * volume:8.1f}{''.join(f'{w:>22s}' for w in words)}"
        yield f"{text}{max(falls):8.3f}{seconds:8.1f}", title, max(falls)
    if listed.get("as it is"):
        words = [_again(listed["as it is"], listed.get(way)) for way in list(placements(0.0))[1:]]
        yield f"{f'  candidates found again within {AGAIN_MM:g} mm':52s}" + "".join(f"{w:>22s}" for w in words), "", 0.0


def _again(first: Sequence[Candidate], other: Sequence[Candidate] | None) -> str:
    """How many of the first list lie near one of the other, and the other way round; the ten best in parentheses."""
    if not other:
        return "-"
    points = [np.array([candidate.position for candidate in each]) for each in (first, other)]
    near = np.linalg.norm(points[0][:, None] - points[1][None], axis=-1) <= AGAIN_MM
    ways = (near.any(axis=1), near.any(axis=0))
    return ", ".join(f"{way.sum()}/{way.size}" + (f" ({way[:10].sum()})" if way.size > 10 else "") for way in ways)


def _part(labels: sitk.Image, value: int) -> np.ndarray:
    values = sitk.GetArrayFromImage(labels)
    return values == value if value else values > 0


def _kept(mask: np.ndarray, image: sitk.Image, place: Callable[[sitk.Image], sitk.Image]) -> float:
    soft = sitk.GetImageFromArray(mask.astype(np.float32))
    soft.CopyInformation(image)
    return dice(brought_back(sitk.Greater(place(soft), 0.5), image) > 0, mask)


def _deepest(region: np.ndarray, image: sitk.Image) -> tuple[float, ...]:
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[(slice(1, -1),) * region.ndim]
    index = np.unravel_index(np.argmax(depth), depth.shape)
    return image.TransformIndexToPhysicalPoint([int(i) for i in index[::-1]])


def _unpacked(archive: Path, read: Callable[[str], sitk.Image]) -> sitk.Image:
    """What is read from the folder that an archive holds."""
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(archive).extractall(folder)
        return read(str(next(path.parent for path in sorted(Path(folder).rglob("*")) if path.is_file())))


if __name__ == "__main__":
    main(sys.argv[1:])
