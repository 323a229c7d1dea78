"""A preset on a CT of 512 x 512 x 300 voxels (made of the example of chest and abdomen): seconds and memory."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.segmentation.presets.presets import preset_named  # noqa: E402

IMAGE = ROOT.parent / "shared" / "data" / "01_ct" / "totalseg_example" / "ct.nii.gz"
LARGE = (512, 512, 300)


def of_large_ct(preset: str) -> str:
    """What a run says, in a process of its own, so that the peak of the memory is its own."""
    found = subprocess.run([sys.executable, __file__, preset], capture_output=True, text=True, check=False)
    said = found.stdout.strip() or found.stderr.strip()[-300:]
    return f"{preset} of {' x '.join(map(str, LARGE))} voxels: {said}"


def main(preset: str) -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    image = sitk.ReadImage(str(IMAGE))
    spacing = [n * s / m for n, s, m in zip(image.GetSize(), image.GetSpacing(), LARGE, strict=True)]
    identity, linear = sitk.Transform(3, sitk.sitkIdentity), sitk.sitkLinear
    image = sitk.Resample(
        image, LARGE, identity, linear, image.GetOrigin(), spacing, image.GetDirection(), -1024, sitk.sitkInt16
    )
    start, used = time.perf_counter(), time.process_time()
    preset_named(preset).recipe().run(image=image)
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{wall:.1f} s ({cpu:.1f} s of processor time), peak of the process {peak:.2f} GB")


if __name__ == "__main__":
    main(sys.argv[1])
