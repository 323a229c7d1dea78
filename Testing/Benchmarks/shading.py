"""N4 on a real FLAIR, against the plain full-resolution call.

python Testing/Benchmarks/shading.py
"""

import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.core.voxels import foreground, values_of  # noqa: E402
from MedProcLib.enhancement.shading.n4 import N4  # noqa: E402

FLAIR = ROOT / "Testing/Data/ms_patient01/study1_FLAIR.nii.gz"
THREADS = 2
GOAL_RATIO, GOAL_DIFFERENCE = 12, 1.0


def main() -> None:
    """The field of the coarse fit and the one of the filter on all voxels with its own defaults, same mask."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    image = sitk.Cast(sitk.ReadImage(str(FLAIR)), sitk.sitkFloat32)
    print(f"{FLAIR.name}, {image.GetSize()} voxels, {THREADS} threads")
    values, valid = values_of(image)
    head = foreground(values, valid)
    mask = sitk.GetImageFromArray(head.astype(np.uint8))
    mask.CopyInformation(image)
    corrected, seconds, processor = _timed(lambda: N4()(image, mask))
    plain, plain_seconds, plain_processor = _timed(lambda: sitk.N4BiasFieldCorrection(image, mask))
    fields = [values[head] / sitk.GetArrayViewFromImage(result)[head] for result in (corrected, plain)]
    ours, theirs = (field / field.mean(dtype=np.float64) for field in fields)
    difference = 100 * float(np.sqrt(np.mean((ours / theirs - 1) ** 2)))
    print("\nBias correction (N4)              s    field's RMS difference in the head")
    print(f"MedProc, fitted on 4 mm     {seconds:7.1f}    {difference:.2f} % (goal: at most {GOAL_DIFFERENCE:g} %)")
    print(f"plain call, all voxels      {plain_seconds:7.1f}")
    print(f"time ratio                  {plain_seconds / seconds:7.1f}    (goal: at least {GOAL_RATIO})")
    print(f"processor time ratio        {plain_processor / processor:7.1f}    (does not depend on what else runs)")


def _timed(run):
    start, processor = time.perf_counter(), time.process_time()
    result = run()
    return result, time.perf_counter() - start, time.process_time() - processor


if __name__ == "__main__":
    main()
