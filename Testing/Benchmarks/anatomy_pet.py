"""The preset for PET lesions on a sarcoma of the thigh, beside its contour, the image as it is and placed otherwise.

    python Testing/Benchmarks/anatomy_pet.py

Needs ../shared/data. The contour (GTV_Mass of 04_pet/sts001_fdg) was drawn around the tumor as it is seen in CT and MR,
so it is larger than the uptake; the limits of the rules for usual uptake were chosen on this patient.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "04_pet" / "sts001_fdg"
sys.path.insert(0, str(ROOT))

from _placed import dice, placements, there  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402

from MedProcLib.core.files import read_image_file  # noqa: E402
from MedProcLib.quantification.suv.suv_image import suv_image  # noqa: E402
from MedProcLib.segmentation.presets.presets import preset_named  # noqa: E402

CONTOUR = "GTV_Mass"


def main() -> None:
    if not DATA.is_dir():
        print(f"{DATA} is not there; nothing to compare with")
        return
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(DATA / "pet_dicom.zip") as packed:
            packed.extractall(folder)
        found = read_image_file(folder)
        image = suv_image(found.slices, found.image).image
    truth = contour(pydicom.dcmread(DATA / "rtstruct.dcm"), image)
    print(f"{CONTOUR}: {np.count_nonzero(truth) * np.prod(image.GetSpacing()) / 1000:.0f} ml")
    print(f"{'':16s}{'Dice':>8s}{'covered':>9s}{'beyond':>8s}{'foci':>6s}{'not marked as usual':>21s}")
    for way, place in placements(0.0).items():
        result = preset_named("pet_lesions").recipe().run(image=place(image))
        labels, mask = sitk.GetArrayFromImage(result["labels"]), there(truth, image, place)
        candidates = result["candidates"]
        number = int(np.argmax(np.bincount(labels[mask & (labels > 0)], minlength=2)))
        one = labels == number
        both = np.count_nonzero(one & mask)
        open_ones = sum("physiologic" not in candidate.reason for candidate in candidates)
        print(
            f"{way:16s}{dice(one, mask):8.3f}{both / mask.sum():9.3f}{1 - both / max(one.sum(), 1):8.3f}"
            f"{len(candidates):6d}{open_ones:21d}",
            flush=True,
        )


def contour(structures: pydicom.Dataset, image: sitk.Image) -> np.ndarray:
    """Voxels (z, y, x) whose centers lie in the polygons of a structure, which lie in the image's slices."""
    number = next(s.ROINumber for s in structures.StructureSetROISequence if s.ROIName == CONTOUR)
    parts = next(c for c in structures.ROIContourSequence if c.ReferencedROINumber == number).ContourSequence
    width, height, depth = image.GetSize()
    mask = np.zeros((depth, height, width), bool)
    for part in parts:
        points = np.reshape(np.array(part.ContourData, float), (-1, 3))
        index = np.array([image.TransformPhysicalPointToContinuousIndex(p.tolist()) for p in points])
        # ten times as fine, since the picture's polygons end at whole pixels
        plane = Image.new("1", (10 * width, 10 * height))
        ImageDraw.Draw(plane).polygon([tuple(10 * p[:2] + 4.5) for p in index], fill=1)
        mask[round(float(index[0, 2]))] ^= np.asarray(plane)[5::10, 5::10]
    return mask


if __name__ == "__main__":
    main()
