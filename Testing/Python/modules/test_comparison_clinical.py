"""What criteria ask for beside the images, filled in by the reader in MedProc Comparison."""

import datetime
import re

import pytest
from three_studies import DATES, patient_of

from MedProcLib.core.progress import SILENT

RANO_2010, RANO_2, PERCIST = "rano_2010", "rano_2", "percist_1_0"


@pytest.fixture
def asked(compared):
    """asked(criterion): the panel with roles, and the form of a criterion."""

    def choose(name):
        from MedProcLib.widgets.response_panel import NAMES

        compared.response.propose_button.click()
        compared.response.criterion_box.currentIndex = NAMES.index(name)
        return compared, compared.response.form

    return choose


def shown(form):
    return {name for name, field in form.fields.items() if field.widget.isVisibleTo(form.widget)}


def type_in(form, name, text):
    field = form.fields[name].widget
    field.text = text
    field.editingFinished.emit()


def pick(form, name, index):
    box = form.fields[name].widget
    box.currentIndex = index
    box.activated.emit(index)


def test_only_what_the_criterion_asks_for_is_shown(asked):
    widget, form = asked(RANO_2010)
    widget.ui.responseButton.collapsed = False
    trial = {"date", "confirmation_days", "stable_days", "radiotherapy_end"}
    steroids = {"neuro.steroid_mg", "neuro.physiologic_steroids"}
    widget.response.table.setCurrentCell(1, 0)
    assert shown(form) == trial | steroids | {"neuro.clinical", "neuro.t2_flair"}
    widget.response.table.setCurrentCell(0, 0)  # baseline: there is nothing to compare the state with
    assert shown(form) == trial | steroids | {"slice_thickness_mm"}
    _widget, form = asked(PERCIST)
    assert shown(form) == {"date", "stable_days", "pet.liver_diseased"} | {
        f"pet.{place}_{what}" for place in ("liver", "blood") for what in ("mean", "sd")
    }
    widget.response.criterion_box.currentIndex = 0
    assert not form.widget.isVisibleTo(widget.response.widget)


def test_what_is_missing_leads_to_its_field_and_what_is_typed_counts(asked):
    widget, form = asked(RANO_2010)
    response = widget.response
    response.table.setCurrentCell(1, 0)
    assert re.findall('href="([^"]*)"', response.missing_label.text) == [
        "neuro.clinical",
        "neuro.steroid_mg",
        "neuro.t2_flair",
    ]
    form.show_time_point(2)
    response.missing_label.linkActivated.emit("neuro.clinical")
    assert form.at_box.currentIndex == 1  # what is missing is of the row
    form.show_time_point(2)
    type_in(form, "neuro.steroid_mg", "4,5")
    pick(form, "neuro.clinical", 3)
    assert response.results.row == 1 and str(response.responses[2].category) == "PD"
    status = patient_of(widget).time_points[2].context.neuro
    assert (status.steroid_mg, str(status.clinical)) == (4.5, "worse")
    assert "clinical deterioration: progression" in response.responses[2].steps
    assert widget.run.message == "FLAIR 2: clinical = worse."
    for text, problem in (("-1", "at least 0"), ("much", "'much' is not a number"), ("inf", "at least 0")):
        type_in(form, "neuro.steroid_mg", text)
        assert problem in widget.run.message and patient_of(widget).time_points[2].context.neuro == status
    widget.tracks.buttons["undo"].click()
    assert patient_of(widget).time_points[2].context.neuro.clinical is None
    widget.tracks.buttons["redo"].click()
    assert form.fields["neuro.clinical"].widget.currentText == "worse"
    type_in(form, "radiotherapy_end", "2020-02-20")
    assert patient_of(widget).protocol.radiotherapy_end == datetime.date(2020, 2, 20)
    type_in(form, "stable_days", "")
    assert patient_of(widget).protocol.stable_days == 42


def test_the_field_is_brought_into_view(asked):
    import qt
    import slicer

    widget, form = asked(RANO_2010)
    area = qt.QScrollArea()
    area.setWidget(widget.response.widget)
    area.resize(350, 60)
    area.show()
    slicer.app.processEvents()
    form.show_time_point(1)
    widget.response.missing_label.linkActivated.emit("neuro.t2_flair")
    field = form.fields["neuro.t2_flair"].widget
    top = field.mapTo(area.viewport(), qt.QPoint(0, 0)).y()
    assert 0 <= top <= 60 - field.height
    area.takeWidget()
    area.close()


def test_a_date_that_is_missing_is_given_where_the_criterion_names_it(asked):
    widget, form = asked("recist_1_1")
    form.show_time_point(1)
    type_in(form, "date", DATES[2].isoformat())
    assert "days of their own" in widget.run.message
    assert form.fields["date"].widget.text == DATES[1].isoformat()
    type_in(form, "date", "")
    assert widget.response.responses == [] and 'href="date"' in widget.response.missing_label.text
    form.show_time_point(2)
    widget.response.missing_label.linkActivated.emit("date")
    assert form.at_box.currentIndex == 1
    type_in(form, "date", "2021-06-30")
    assert [r.date.isoformat() for r in widget.response.responses] == ["2020-03-01", "2021-06-30", "2022-03-03"]
    date_is_one_in_the_list_of_studies_and_among_the_findings(widget, form)


def date_is_one_in_the_list_of_studies_and_among_the_findings(widget, form):
    points = widget.timePoints

    def dates():
        listed = [points.table.item(row, 0).text() for row in range(3)]
        assert listed == [point.date.isoformat() for point in patient_of(widget).time_points]
        assert listed == [r.date.isoformat() for r in widget.response.responses]
        assert listed == [widget.views.list.item(row).text() for row in range(3)]
        assert listed[:2] == [widget.views.below_box.itemText(row) for row in range(2)]
        return listed

    def list_date(row, text):
        points.select(row)
        points.date_edit.text = text
        points.date_edit.editingFinished.emit()

    as_proposed = dates()
    widget.views.below_box.currentIndex = 1
    list_date(1, "2021-09-30")
    assert widget.views.below_box.currentIndex == 1
    assert dates()[1] == "2021-09-30" and widget.run.message == "FLAIR 1: date = 2021-09-30."
    form.show_time_point(2)
    type_in(form, "date", "2022-12-01")
    assert dates()[2] == "2022-12-01"
    for _ in range(2):
        widget.tracks.undo()
    assert dates() == as_proposed
    widget.setReader("")
    list_date(0, "2019-12-31")
    assert dates()[0] == "2019-12-31" and patient_of(widget).history[-1].who == "a reader without a name"
    assert [study.date for study in widget.session.current(widget.patientNode())(None).studies] == [
        datetime.date.fromisoformat(date) for date in dates()
    ]
    list_date(2, "2019-12-31")
    assert "days of their own" in widget.run.message
    assert dates() == ["2019-12-31", *as_proposed[1:]] and points.date_edit.text == as_proposed[2]
    widget.setReader("A. Reader")
    form.show_time_point(2)
    list_date(2, "2018-01-01")  # before the others
    assert dates() == ["2018-01-01", "2019-12-31", as_proposed[1]] and form.at_box.currentIndex == 0
    assert widget.run.message == "FLAIR 2: date = 2018-01-01, now time point 1."
    assert next(s.name for s in widget.session.current(widget.patientNode())(SILENT).studies) == "FLAIR 2"
    widget.tracks.undo()
    assert dates() == ["2019-12-31", *as_proposed[1:]]


def test_a_finding_is_asked_what_its_role_and_the_criterion_need(asked):
    widget, _form = asked(RANO_2)
    widget.ui.actionsButton.collapsed = False
    flags = widget.actions.flags

    def ticks():
        return {name for name, field in flags.fields.items() if field.widget.isVisibleTo(flags.widget)}

    widget.tracks.select("F003")  # new
    assert ticks() == {"equivocal", "enhancing", "unequivocal"}
    flags.fields["unequivocal"].widget.click()
    flags.fields["enhancing"].widget.click()
    track = patient_of(widget).track("F003")
    assert (track.unequivocal, track.enhancing, track.equivocal) == (("FLAIR 2",), False, False)
    flags.fields["unequivocal"].widget.click()
    assert patient_of(widget).track("F003").unequivocal == ()
    widget.tracks.select("F002")  # a non-target
    widget.tracks.at_box.currentIndex = 2
    assert DATES[1].isoformat() in flags.fields["unequivocal"].widget.text
    flags.fields["unequivocal"].widget.click()
    assert patient_of(widget).track("F002").unequivocal == ("FLAIR 1",)
    assert str(widget.response.responses[1].category) == "PD"
    widget.tracks.buttons["undo"].click()
    assert not flags.fields["unequivocal"].widget.checked and str(widget.response.responses[1].category) != "PD"
    widget.response.missing_label.linkActivated.emit("F001")
    assert widget.tracks.track == "F001"
    widget.response.criterion_box.currentIndex = 0
    assert ticks() == set()


def test_a_file_fills_the_form(asked, tmp_path):
    widget, form = asked(PERCIST)
    file = tmp_path / "clinical.json"
    file.write_text('{"time_points": {"2020-03-01": {"pet": {"liver_mean": 1.23456789, "liver_sd": 0.2}}}}')
    widget.response.read_clinical(file)
    form.show_time_point(0)
    assert [form.fields[f"pet.{name}"].widget.text for name in ("liver_mean", "liver_sd", "blood_mean")] == [
        "1.23457",
        "0.2",
        "",
    ]
    liver, known = form.fields["pet.liver_mean"].widget, patient_of(widget)
    liver.editingFinished.emit()  # the field was entered and left
    assert patient_of(widget) is known and known.time_points[0].context.pet.liver_mean == 1.23456789
    assert liver.enabled and "Uptake of normal liver" in liver.toolTip
    widget.setReader("")
    assert not liver.enabled and "your name" in liver.toolTip


def test_growth_that_the_reader_sees_confirms_progression_by_irecist(asked):
    widget, _form = asked("irecist")
    flags = widget.actions.flags
    widget.tracks.select("F002")  # a non-target
    widget.tracks.at_box.currentIndex = 2
    flags.fields["unequivocal"].widget.click()
    assert str(widget.response.responses[1].category) == "iUPD"
    widget.tracks.select("F003")
    widget.tracks.at_box.currentIndex = 3
    assert flags.fields["increased"].widget.text == f"increased again, {DATES[2].isoformat()}"
    flags.fields["increased"].widget.click()
    assert patient_of(widget).track("F003").increased == ("FLAIR 2",)
    assert widget.run.message == "F003 at FLAIR 2: increased = yes."
