"""The head of the report where findings are places of change, and intervals in its tables."""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.change import DetectChange
from MedProcLib.comparison.consensus import ConsensusLabels
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.study import Study
from MedProcLib.core.recipe import Recipe
from MedProcLib.report.head import head
from MedProcLib.report.interval import in_words
from MedProcLib.report.report import report_html
from MedProcLib.report.time_points_section import time_points_section
from MedProcLib.report.timeline import Timeline


def study(name, seed, low, high):
    """Noise with a bright cube between two columns."""
    values = np.random.default_rng(seed).normal(100, 3, (30, 30, 40)).astype(np.float32)
    values[10:20, 10:20, low:high] += 60
    return Study(name, sitk.GetImageFromArray(values), mask=sitk.GetImageFromArray(np.ones(values.shape, np.uint8)))


def test_places_of_change_are_told_by_what_is_brighter_and_darker():
    """A cube goes on the left, another one comes on the right: no volume that fell or rose."""
    change = DetectChange(contrast="any", smoothing_mm=1.0, low=4.0, high=8.0, minimum_volume_mm3=100)
    recipe = Recipe.of(change, ConsensusLabels(), MatchFindings(outline_mm=0))
    comparison = compare([study("a", 0, 8, 16), study("b", 1, 24, 30)], recipe)
    (darker,) = [f for f in comparison.last_pair.findings if f.change == "gone"]
    (brighter,) = [f for f in comparison.last_pair.findings if f.change == "new"]
    assert darker.volumes_mm3[0] > 1.2 * brighter.volumes_mm3[1] > 500
    page = head(comparison, None)
    sizes = [f"{mm3 / 1000:.2f}" for mm3 in (brighter.volumes_mm3[1], darker.volumes_mm3[0])]
    assert f"2 places have changed: {sizes[0]} ml brighter and {sizes[1]} ml darker than before." in page
    assert f"<b>{sizes[0]} / {sizes[1]} ml</b><span>brighter / darker</span>" in page
    assert "No lesions were looked for" in page and "total volume" not in page and ">gone<" not in page
    whole = report_html(comparison)
    assert "became brighter (called new) or darker (called gone), not lesions" in whole
    assert "<h2>Charts</h2>" not in whole and "<h2>Findings</h2>" in whole
    still = replace(comparison.last_pair, findings=())
    page = report_html(replace(comparison, pairs=(still,), followed=None))
    assert page.count("No place was found where tissue changed.") == 2 and "No lesions were looked for" in page
    assert "No finding in either study" not in page
    third = compare([study("a", 0, 8, 16), study("b", 1, 24, 30), study("c", 2, 30, 38)], recipe)
    points = time_points_section(Timeline.of(third), ())
    assert ">Places</th>" in points and "Total" not in points and "brighter" in points and "new" not in points
    followed = Timeline.of(replace(third, recipe=Recipe.of(replace(change, contrast="bright"))))
    assert ">Total ml</th>" in time_points_section(followed, ()) and ">Findings</th>" in time_points_section(
        followed, ()
    )
    lesions = replace(comparison, recipe=Recipe.of(replace(change, contrast="bright")))
    assert "1 new and 1 gone findings; total volume" in head(lesions, None)


def test_a_minus_sign_does_not_run_into_the_dash_of_an_interval():
    assert in_words("56", "102") == "56–102"
    assert in_words("-84", "-55.1") == "-84 to -55.1" and in_words("-3", "5") == "-3 to 5"
