"""Muscle told from organs in CT, against labels of both: as it is, turned, mirrored, in thick slices.

    python Testing/Benchmarks/muscle.py

Needs ../shared/data. The labels are those of a model; they hold the muscles of the back, the iliopsoas and the glutei,
not the wall of belly and chest, which was looked at instead. The settings were chosen on these two images, so the
figures are not those of other ones. Shares are of the labeled voxels that have the density of muscle.
"""

import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "01_ct"
sys.path.insert(0, str(ROOT))

from _large_ct import of_large_ct  # noqa: E402
from _placed import brought_back, ceilings, dice, placements  # noqa: E402

from MedProcLib.core.files import read_image  # noqa: E402
from MedProcLib.core.hounsfield import MUSCLE_HU  # noqa: E402
from MedProcLib.segmentation.anatomy.ct_fat_muscle import MUSCLE  # noqa: E402
from MedProcLib.segmentation.presets.presets import preset_named  # noqa: E402

MUSCLES = ("autochthon", "iliopsoas", "gluteus")
ORGANS = (
    *("liver", "spleen", "kidney", "stomach", "duodenum", "small_bowel", "colon", "pancreas", "gallbladder"),
    *("urinary_bladder", "heart", "aorta", "inferior_vena_cava", "esophagus", "lung"),
)
GROUPS = {"muscle": MUSCLES, "organs": ORGANS, "iliac vessels": ("iliac_",)}


def main() -> None:
    if not DATA.is_dir():
        print(f"{DATA} is not there; nothing to compare with")
        return
    numbers = {v: int(k) for k, v in json.loads((DATA / "totalseg_example" / "labels.json").read_text()).items()}
    ways = placements(-1024)
    print(f"{'share called muscle':32s}" + "".join(f"{way:>16s}" for way in ways))
    for name, image, labels in _images():
        values, truth = sitk.GetArrayViewFromImage(image), brought_back(labels, image)
        lean = (values >= MUSCLE_HU[0]) & (values <= MUSCLE_HU[1])
        results = [brought_back(_labels(place(image)), image) for place in ways.values()]
        for group, starts in GROUPS.items():
            where = lean & np.isin(truth, [n for part, n in numbers.items() if part.startswith(starts)])
            if where.any():
                # turned images end between voxels: what is in neither is not counted
                shares = [np.mean(found[where & (found >= MUSCLE)] == MUSCLE) for found in results]
                print(f"{name} {group}".ljust(32) + "".join(f"{share:16.3f}" for share in shares))
        alike = [dice(found == MUSCLE, results[0] == MUSCLE) for found in results]
        print(f"{name} muscle, Dice to as it is".ljust(32) + "".join(f"{share:16.3f}" for share in alike))
        same = ceilings(results[0] == MUSCLE, image)
        print("  that muscle itself, placed so".ljust(32) + "".join(f"{share:16.3f}" for share in same))
    print("\n" + of_large_ct("ct_fat_muscle"))


def _images():
    """(name, image, labels) of a belly with pelvis, and of a slab through the liver with arms beside it."""
    example = DATA / "totalseg_example"
    yield "example", sitk.ReadImage(str(example / "ct.nii.gz")), sitk.ReadImage(str(example / "labels_total117.nii.gz"))
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(DATA / "totalseg_dicom" / "ct_dicom.zip").extractall(folder)
        series = next(path.parent for path in sorted(Path(folder).rglob("*")) if path.is_file())
        image = read_image(str(series))
    yield "dicom", image, sitk.ReadImage(str(DATA / "totalseg_dicom" / "labels_total117.nii.gz"))


def _labels(image: sitk.Image) -> sitk.Image:
    return preset_named("ct_fat_muscle").recipe().run(image=image)["labels"]


if __name__ == "__main__":
    main()
