"""Progress is shared out, never leaves 0..1, and carries the wish to stop."""

import threading
import time

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from MedProcLib.core.errors import Cancelled
from MedProcLib.core.progress import SILENT, Progress, execute


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=8))
def test_parts_cover_the_whole_in_order(weights):
    seen = []
    for part in Progress(lambda fraction, _: seen.append(fraction)).parts(*weights):
        part(0.0)
        part(1.0)
    assert seen[0] == 0.0 and seen[-1] == pytest.approx(1.0)
    assert seen == sorted(seen)
    first = weights[0] / sum(weights)
    assert seen[1] == pytest.approx(first)


@given(st.floats(-5, 5), st.floats(0, 1), st.floats(0, 1))
def test_a_report_stays_in_its_part(fraction, low, high):
    seen = []
    Progress(lambda f, _: seen.append(f)).part(min(low, high), max(low, high))(fraction)
    assert min(low, high) - 1e-12 <= seen[0] <= max(low, high) + 1e-12


def test_cancel_reaches_parts_and_parts_reach_the_whole():
    whole = Progress()
    part = whole.part(0, 0.5)
    part.cancel()
    assert whole.cancelled
    for progress in (whole, part):
        with pytest.raises(Cancelled):
            progress(0.1)


def test_the_shared_silent_progress_cannot_be_cancelled():
    with pytest.raises(RuntimeError, match="pass a Progress of your own"):
        SILENT.cancel()
    SILENT.part(0, 0.5)(0.3)


def test_a_filter_reports_and_its_result_is_the_filters():
    seen = []
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(size=(20, 20, 20)))
    smooth = sitk.DiscreteGaussianImageFilter()
    result = execute(smooth, image, progress=Progress(lambda f, m: seen.append((f, m))), message="Smoothing")
    assert np.array_equal(sitk.GetArrayFromImage(result), sitk.GetArrayFromImage(smooth.Execute(image)))
    assert seen and seen[-1][1] == "Smoothing" and all(0 <= fraction <= 1 for fraction, _ in seen)


def test_a_cancelled_filter_ends_long_before_its_work_is_done():
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(size=(60, 100, 100)).astype(np.float32))
    diffusion = sitk.CurvatureAnisotropicDiffusionImageFilter()
    diffusion.SetNumberOfIterations(100_000)  # hours
    diffusion.SetTimeStep(0.0625)
    progress = Progress()
    threading.Timer(0.2, progress.cancel).start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        execute(diffusion, image, progress=progress)
    assert time.monotonic() - begun < 30


def test_nothing_is_begun_after_a_cancel():
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        execute(sitk.MedianImageFilter(), sitk.Image([3, 3], sitk.sitkFloat32), progress=progress)


def test_a_filters_own_error_is_not_taken_for_a_cancel():
    with pytest.raises(RuntimeError, match="sitk::ERROR"):
        execute(sitk.AddImageFilter(), sitk.Image([3, 3], 2), sitk.Image([3, 3], 8), progress=Progress())


def test_labelled_messages_keep_fraction_and_cancel():
    said = []
    progress = Progress(lambda fraction, message: said.append((fraction, message)))
    part = progress.part(0.5, 1).labelled("2/2 FLAIR")
    part(0.5, "Denoise")
    part.part(0, 0.5)(1.0, "")
    assert said == [(0.75, "2/2 FLAIR: Denoise"), (0.75, "2/2 FLAIR")]
    progress.cancel()
    with pytest.raises(Cancelled):
        part.check()
    assert SILENT.labelled("anything") is SILENT


def test_quiet_reports_nothing_and_is_stopped_with_the_rest():
    said = []
    progress = Progress(lambda fraction, message: said.append(fraction))
    quiet = progress.part(0, 0.5).quiet()
    quiet(0.5, "Working")
    assert said == [] and SILENT.quiet() is SILENT
    progress.cancel()
    with pytest.raises(Cancelled):
        quiet(0.6)


def test_notes_of_all_parts_are_those_of_the_whole_but_where_they_are_asked_for_apart():
    whole, apart = Progress(), []
    for part in (*whole.parts(1, 1), whole.quiet(), whole.labelled("second")):
        part.note("The table is cut off.")
    whole.noting(apart).part(0.2, 0.4).note("The lungs are cut off.")
    SILENT.note("Nobody hears this.")
    assert whole.notes == ["The table is cut off."] and apart == ["The lungs are cut off."] and SILENT.notes == []
