"""Long denoising ends soon after it is asked to."""

import threading
import time

import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled
from MedProcLib.core.progress import Progress
from MedProcLib.enhancement.noise.bilateral import Bilateral
from MedProcLib.enhancement.noise.curvature_diffusion import CurvatureDiffusion
from MedProcLib.enhancement.noise.gradient_diffusion import GradientDiffusion
from MedProcLib.enhancement.noise.median import Median
from MedProcLib.enhancement.noise.non_local_means import NonLocalMeans

LONG = [
    Bilateral(spatial_sd_mm=10),
    CurvatureDiffusion(scale_mm=10),
    GradientDiffusion(scale_mm=10),
    Median(radius_mm=6),
    NonLocalMeans(search_radius_mm=20),
]


@pytest.mark.parametrize("enhance", LONG, ids=lambda e: e.declaration.name)
def test_cancel_ends_within_a_second(enhance, real_flair):
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    progress = Progress()
    ended = []

    def work():
        with pytest.raises(Cancelled):
            enhance(real_flair, progress=progress)
        ended.append(time.process_time())

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(0.7)
    assert not ended, "it must still be at work for this test to say anything"
    asked = time.process_time()
    progress.cancel()
    worker.join(30)
    # processor time, so that a busy machine does not count: two threads at work for a second
    assert ended and ended[0] - asked < 2.0
