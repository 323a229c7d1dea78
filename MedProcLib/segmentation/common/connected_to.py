"""The part of a region that hangs together with some of its voxels."""

import numpy as np
import SimpleITK as sitk

from ...core.progress import SILENT, Progress, execute


def connected_to(starts: np.ndarray, region: np.ndarray, connectivity: str, progress: Progress = SILENT) -> np.ndarray:
    """The connected pieces of the region (bool) that hold one of the starts (bool); starts outside it do not count."""
    rebuild = sitk.BinaryReconstructionByDilationImageFilter()
    rebuild.SetFullyConnected(connectivity == "corner")
    rebuild.SetForegroundValue(1)
    rebuild.SetBackgroundValue(0)
    inputs = [sitk.GetImageFromArray(part.astype(np.uint8)) for part in (starts & region, region)]
    return sitk.GetArrayFromImage(execute(rebuild, *inputs, progress=progress, message="Growing")) != 0
