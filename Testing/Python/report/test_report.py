import re
import threading
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from MedProcLib.comparison.registration.landmarks import landmark_figures
from MedProcLib.comparison.result import Change, Verdict
from MedProcLib.core.errors import Cancelled
from MedProcLib.core.progress import Progress
from MedProcLib.report.counting import signed
from MedProcLib.report.finding_measurements import measure_findings
from MedProcLib.report.head import head
from MedProcLib.report.report import report_html
from MedProcLib.report.studies_section import studies_section

VOID = {"meta", "img", "line", "circle", "polyline"}


class Page(HTMLParser):
    """Tags with attributes, visible text, and whether every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_names_all_findings_and_what_became_of_them(comparison):
    made = comparison()
    page = Page(report_html(made, measure_findings(made)))
    assert not page.open
    for finding in made.pairs[0].findings:
        row = rf"\b{finding.number} \S {finding.change.capitalize()} "
        assert re.search(row, page.text), finding
        if finding.change != Change.STABLE:
            assert f"{finding.number} · {finding.change.capitalize()}" in page.text
    assert "1 new, 1 grown, 1 stable, 1 shrunk, 1 gone, 1 merged and 1 split findings" in page.text
    assert "Baseline → Follow-up" in page.text
    assert "2021-03-01 (365 days later)" in page.text
    assert "more than 30 %" in page.text
    assert "quantification.measure" in page.text
    assert "Not for clinical use" in page.text
    assert "two runs agree within 0.2 mm" in page.text and "0.2 mm" in page.text


def test_volumes_and_diameters_are_those_of_the_findings(comparison):
    made = comparison(changes=(Change.GROWN,))
    page = Page(report_html(made, measure_findings(made)))
    first, other = made.pairs[0].findings[0].volumes_mm3
    assert f"{first:.0f} → {other:.0f} mm³ (+{other - first:.0f}, +{100 * (other / first - 1):.0f} %)" in page.text
    found = re.search(r"(\d+\.\d) × (\d+\.\d) → (\d+\.\d) × (\d+\.\d)", page.text)
    assert [float(mm) for mm in found.groups()] == pytest.approx([6, 6, 10, 10], abs=1)  # balls in voxels of 2 mm


def test_needs_nothing_beside_it(comparison):
    html = report_html(comparison())
    page = Page(html)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "base"}
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert value.startswith("data:image/png;base64,"), (tag, value[:40])
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", html)


def test_pictures_have_words_for_those_who_do_not_see_them(comparison):
    page = Page(report_html(comparison()))
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) == 3 + 6 + 6 * 4
    assert all(len(picture["alt"]) > 10 for picture in pictures)
    assert all(attributes.get("aria-label") for tag, attributes in page.tags if tag == "svg")


HOSTILE = '<script>alert(1)</script>"\' onerror="alert(2)" </pre></style>&amp;'


def test_hostile_names_stay_text(comparison):
    made = comparison(names=(HOSTILE, "B"), source=HOSTILE, threshold=HOSTILE)
    page = Page(report_html(made, measure_findings(made)))
    assert not page.open
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert page.text.count("<script>alert(1)</script>") > 5
    assert any(HOSTILE in (attributes.get("alt") or "") for _, attributes in page.tags)


def test_failed_registration_is_said_first_and_no_finding_shown(comparison):
    page = Page(report_html(comparison(verdict=Verdict.FAILED)))
    assert "could not be aligned" in page.text[:400]
    assert "The alignment of the studies failed" in page.text[:500]
    assert "Changed findings" not in page.text and "total volume" not in page.text
    assert sum(tag == "img" for tag, _ in page.tags) == 6


def test_doubtful_registration_is_said_before_the_findings(comparison):
    text = Page(report_html(comparison(verdict=Verdict.DOUBTFUL))).text
    assert text.index("alignment of the studies is doubtful") < text.index("Findings at a glance")
    reason = "two runs agree within 0.2 mm"
    three = comparison(verdict=Verdict.DOUBTFUL, others=2)
    known = replace(three, notes=(f"The registration of 'a' and 'b' is doubtful: {reason}", "Something else."))
    page = head(known, None) + studies_section(known)  # of several it is said once, and not among the notes again
    names = ", ".join(study.name for study in three.studies[1:])
    assert page.count("is doubtful") == 1 and f"{names}: {reason}" in page and "Something else." in page


def test_how_far_off_landmarks_end_is_told_of_each(comparison):
    made = comparison()
    figures = landmark_figures(np.array([1.0, 2.5]), ("ear", "<nose>"), "start")
    pair = replace(made.pairs[0], registration=replace(made.pairs[0].registration, figures=figures))
    rows = dict(
        re.findall(r"<td>(landmark error [^<]*)</td><td>([^<]*)</td>", report_html(replace(made, pairs=(pair,))))
    )
    assert rows == {
        "landmark error mean": "1.75 mm",
        "landmark error max": "2.5 mm",
        "landmark error ear": "1 mm",
        "landmark error &lt;nose&gt;": "2.5 mm",
    }


def test_a_difference_that_rounds_to_nothing_has_no_side():
    assert [signed(v) for v in (-0.0021, 0.004, 0.0, -0.006, 12.34)] == ["±0.00", "±0.00", "+0.00", "−0.01", "+12.3"]


def test_no_findings(comparison):
    page = Page(report_html(comparison(changes=())))
    assert "No finding in either study." in page.text
    assert "Total volume over time" not in page.text


def test_only_accepted_findings_count_once_reviewed(comparison):
    made = comparison(changes=(Change.NEW,) * 4, statuses=("accepted", "rejected"))
    page = Page(report_html(made))
    assert "2 new findings" in page.text
    assert "Reviewed by Dr. Reader: 2 rejected, 2 accepted" in page.text
    accepted = [finding for finding in made.pairs[0].findings if finding.status == "accepted"]
    assert f"0.00 → {sum(f.volumes_mm3[1] for f in accepted) / 1000:.2f} ml" in page.text
    assert page.text.count("· New") == 2


def test_more_than_two_studies(comparison):
    page = Page(report_html(comparison(changes=(Change.GROWN,), others=2)))
    assert "Changed findings: Baseline → Follow-up" in page.text
    assert "Changed findings: Baseline → Study 3" in page.text


def test_oblique_and_left_handed_grids(comparison, direction):
    page = Page(report_html(comparison(changes=(Change.NEW, Change.GONE), direction=direction)))
    assert sum(tag == "img" for tag, _ in page.tags) == 3 + 6 + 2 * 4


def test_sixty_findings_can_still_be_sent(comparison):
    changes = (Change.NEW, Change.GROWN, Change.GONE) * 20
    html = report_html(comparison(changes=changes))
    assert len(html) < 15_000_000
    assert Page(html).text.count("Difference, other − first") >= 55  # some of the random balls cover others


def test_nan_and_constant_images_do_not_break_it(comparison, centered_grid):
    made = comparison(changes=(Change.NEW,))
    pair = made.pairs[0]
    for value in (np.nan, 3.0):
        image = pair.grid.image_of(np.full(pair.grid.size[::-1], value, np.float32))
        odd = type(made)(
            made.studies,
            (type(pair)(**{**vars(pair), "fixed_image": image, "moving_image": image, "difference": image}),),
            made.recipe,
        )
        assert "1 new finding" in report_html(odd)


def test_can_be_cancelled(comparison):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        report_html(comparison(), progress=Progress(cancel=cancel))
