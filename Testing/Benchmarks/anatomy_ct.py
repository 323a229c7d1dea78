"""CT anatomy against reference masks, the image as it is and placed otherwise; lungs of a large CT: time and memory.

    python Testing/Benchmarks/anatomy_ct.py [preset ...]

Needs ../shared/data. The labels of totalseg_example are those of a model, of the abdomen with the bases of the lungs.
The settings of lungs, bones, liver and kidneys were chosen on that image, so its figures are not those of another one.
The body has no label: its reference is what is above -300 HU, the largest piece, filled slice by slice, which is close
to how the operation begins. A 3 mm image is not changed by slices of 3 mm. Results
are compared at the voxels that they were found at, where the reference is what is more than half in it; the second row
says what the result of the image as it is has there, the third what a plain threshold has that is told where to look
(within 2 voxels of the reference): what it loses, the image lost when it was resampled.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "01_ct"
sys.path.insert(0, str(ROOT))

from _large_ct import of_large_ct  # noqa: E402
from _placed import dice, placements, there  # noqa: E402

from MedProcLib.core.errors import InputError  # noqa: E402
from MedProcLib.segmentation.presets.presets import preset_named  # noqa: E402

BONES = ("vertebrae", "rib", "sternum", "sacrum", "hip_", "femur", "humerus", "scapula", "clavicula", "skull")


def main(wanted: list[str]) -> None:
    if not DATA.is_dir():
        print(f"{DATA} is not there; nothing to compare with")
        return
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    ways = placements(-1024)
    print(f"{'Dice':34s}" + "".join(f"{way:>16s}" for way in ways) + f"{'s':>8s}")
    for folder, image, labels in _images():
        numbers = json.loads((DATA / "totalseg_example" / "labels.json").read_text())
        for preset, part, truth, seeds in _parts(image, labels, {v: int(k) for k, v in numbers.items()}):
            if wanted and preset not in wanted:
                continue
            row, same, plain, seconds, first = [], [], [], 0.0, None
            for number, place in enumerate(ways.values()):
                start = time.perf_counter()
                found, score = _overlap(preset, part, truth, seeds, image, place)
                row.append(score)
                first = found if number == 0 else first
                same.append(dice(there(first, image, place), there(truth, image, place)))
                plain.append(_plain(preset, truth, image, place))
                seconds = seconds or time.perf_counter() - start if number == 0 else seconds
            print(
                f"{folder} {preset} {part:9s}"[:33].ljust(34) + "".join(f"{d:16.3f}" for d in row) + f"{seconds:8.1f}"
            )
            print("  the first result, placed so".ljust(34) + "".join(f"{d:16.3f}" for d in same))
            if preset in THRESHOLDS:
                print("  a plain threshold near it".ljust(34) + "".join(f"{d:16.3f}" for d in plain))
    if not wanted:
        print("\n" + of_large_ct("ct_lungs") + " (goal: 20 s, 3 GB)")


def _images():
    image = sitk.ReadImage(str(DATA / "totalseg_example" / "ct.nii.gz"))
    yield "example", image, sitk.ReadImage(str(DATA / "totalseg_example" / "labels_total117.nii.gz"))


def _parts(image, labels, numbers):
    """(preset, part, reference (z, y, x), seeds or None): label values of the parts are in PARTS."""
    values = sitk.GetArrayFromImage(labels)

    def of(*starts: str) -> np.ndarray:
        return np.isin(values, [n for name, n in numbers.items() if name.startswith(starts)])

    yield "ct_lungs", "right", of("lung_upper_lobe_right", "lung_middle_lobe_right", "lung_lower_lobe_right"), None
    yield "ct_lungs", "left", of("lung_upper_lobe_left", "lung_lower_lobe_left"), None
    yield "ct_lungs", "both", of("lung_"), None
    yield "ct_body", "body", _body(sitk.GetArrayViewFromImage(image)), None
    yield "ct_bones", "bone", of(*BONES), None
    yield "ct_liver", "liver", of("liver"), None
    kidneys = [of("kidney_right"), of("kidney_left")]
    seeds = np.zeros(values.shape, np.uint8)
    for number, kidney in enumerate(kidneys, 1):
        depth = ndimage.distance_transform_edt(kidney)
        seeds[np.unravel_index(np.argmax(depth), depth.shape)] = number
    marked = sitk.GetImageFromArray(seeds)
    marked.CopyInformation(image)
    for part, kidney in zip(("right", "left"), kidneys, strict=True):
        yield "ct_kidneys", part, kidney, marked


# HU between which lung and bone lie, as the operations have it.
THRESHOLDS = {"ct_lungs": (-np.inf, -400.0), "ct_bones": (110.0, np.inf)}
PARTS = {"right": (1,), "left": (2,), "both": (1, 2), "body": (1,), "bone": (1,), "liver": (1,)}


def _overlap(preset, part, truth, seeds, image, place) -> tuple[np.ndarray, float]:
    """What is found in the image placed otherwise, and its Dice with the reference at the same voxels."""
    placed = place(image)
    things = {} if seeds is None else {"seeds": _seeds_on(seeds, placed)}
    try:
        labels = preset_named(preset).recipe().run(image=placed, **things)["labels"]
    except InputError as error:
        print(f"  {preset}: {error}")
        return np.zeros(tuple(reversed(placed.GetSize())), bool), 0.0
    found = np.isin(sitk.GetArrayFromImage(labels), PARTS[part])
    return found, dice(found, there(truth, image, place))


def _plain(preset, truth, image, place) -> float:
    """Dice of what lies within the preset's HU near the reference, in the image placed otherwise; nan for others."""
    if preset not in THRESHOLDS:
        return np.nan
    low, high = THRESHOLDS[preset]
    values = sitk.GetArrayFromImage(place(image))
    near = there(ndimage.binary_dilation(truth, iterations=2), image, place)
    return dice(near & (values > low) & (values < high), there(truth, image, place))


def _seeds_on(seeds: sitk.Image, placed: sitk.Image) -> sitk.Image:
    result = np.zeros(tuple(reversed(placed.GetSize())), np.uint8)
    values = sitk.GetArrayViewFromImage(seeds)
    for z, y, x in np.argwhere(values):
        point = seeds.TransformIndexToPhysicalPoint((int(x), int(y), int(z)))
        result[placed.TransformPhysicalPointToIndex(point)[::-1]] = values[z, y, x]
    made = sitk.GetImageFromArray(result)
    made.CopyInformation(placed)
    return made


def _body(values: np.ndarray) -> np.ndarray:
    numbers, _ = ndimage.label(ndimage.binary_opening(values > -300, iterations=1))
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    body = numbers == np.argmax(sizes)
    return np.stack([ndimage.binary_fill_holes(plane) for plane in body])


if __name__ == "__main__":
    main(sys.argv[1:])
