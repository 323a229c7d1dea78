"""MedProc Comparison on the real pair of studies, clicked through."""

import numpy as np
import pytest

NAME = "MedProcComparison"


def choose(widget, row, volume):
    """Choose another volume for a time point, as a user does."""
    widget.timePoints.select(row)
    widget.timePoints.volume_box.setCurrentNode(volume)


def type_date(widget, row, text):
    widget.timePoints.select(row)
    widget.timePoints.date_edit.text = text
    widget.timePoints.date_edit.editingFinished.emit()


def quick(widget):
    """Run the steps of the panel without those that take long: what they find is no matter here."""
    widget.parameters.steps = "As set below"
    for step in widget.chain.steps:
        if step.declaration.name in ("enhancement.n4", "segmentation.brain_mask"):
            step.enabled_box.click()


def test_compare_review_report_and_reload(panel, load, finish, content, tmp_path):
    """The reader's whole way, in one run, because the comparison is the long part."""
    import host
    import slicer

    from MedProcLib.scene.timeline_nodes import patient_of_node, volume_at
    from MedProcLib.scene.timeline_places import observation_place
    from MedProcLib.scene.timeline_views import COLUMNS

    first, other = load("study1_FLAIR", 4), load("study2_FLAIR", 4)
    before = [slicer.util.arrayFromVolume(volume).copy() for volume in (first, other)]
    widget = panel(NAME)
    assert [point.volume for point in widget.chosenTimePoints()] == [first, other]
    assert not widget.ui.reportButton.enabled and "Compare first" in widget.ui.reportButton.toolTip

    quick(widget)
    widget.run.button.click()
    assert widget.run.button.text == "Cancel"
    finish(widget, 400)
    assert "aligned well" in widget.ui.verdictLabel.text
    for volume, values in zip((first, other), before, strict=True):
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), values)
    node, tracks = widget.patientNode(), widget.tracks
    patient = patient_of_node(node)
    assert tracks.table.rowCount == len(patient.tracks) >= 1
    points = [point.id for point in patient.time_points]
    assert volume_at(node, points[0]) is first and volume_at(node, points[1]) is not other

    track = tracks.rows[0].track
    assert tracks.track == track.id  # what was compared is shown, with the first finding in the middle
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    center = [red.GetSliceToRAS().GetElement(axis, 3) for axis in range(3)]
    np.testing.assert_allclose(
        center, np.array([-1, -1, 1]) * observation_place(node, track.observations[-1]), atol=1e-3
    )
    assert not tracks.buttons["accept"].enabled and "name" in tracks.buttons["accept"].toolTip
    tracks.reader_edit.text = "A. Reader"
    tracks.reader_edit.textEdited.emit("A. Reader")
    tracks.comment_edit.text = "seen on T2 too"
    tracks.buttons["accept"].click()
    decided = patient_of_node(node).track(track.id).observations[0]
    assert (decided.status, decided.reader, decided.note) == ("accepted", "A. Reader", "seen on T2 too")
    assert "accepted by A. Reader" in node.GetAttribute("MedProc.Provenance")
    assert host.grab(widget, tmp_path / "panel.png").stat().st_size > 5000

    widget.saveReport(tmp_path / "report.html")
    assert "Written" in finish(widget)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "A. Reader" in html and html.rstrip().endswith("</html>")
    widget.saveReport(tmp_path / "nowhere" / "report.html")
    assert "nowhere" in finish(widget)

    widget.views.show_button.click()
    nodes = {node.GetLayoutName(): node for node in slicer.util.getNodesByClass("vtkMRMLSliceNode")}
    composites = {c.GetLayoutName(): c for c in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")}
    shown = [composites[view].GetBackgroundVolumeID() for view in COLUMNS[:2]]
    assert shown == [first.GetID(), volume_at(node, points[1]).GetID()]
    planes = [nodes[view].GetSliceToRAS() for view in COLUMNS[:2]]
    elements = [[plane.GetElement(row, column) for row in range(4) for column in range(4)] for plane in planes]
    np.testing.assert_allclose(*elements, atol=1e-6)
    assert all(composites[view].GetLinkedControl() for view in COLUMNS[:2])

    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert tracks.table.rowCount == 0 and widget.ui.verdictLabel.text == "No comparison yet."
    slicer.util.loadScene(path)
    again = patient_of_node(widget.patientNode())
    assert [t.id for t in again.tracks] == [t.id for t in patient.tracks]
    assert again.track(track.id).observations[0] == decided
    assert "aligned well" in widget.ui.verdictLabel.text and tracks.reader_edit.text == "A. Reader"
    assert widget.ui.reportButton.enabled and widget.views.show_button.enabled
    widget.saveReport(tmp_path / "again.html")
    assert "Written" in finish(widget, 400)
    again = (tmp_path / "again.html").read_text(encoding="utf-8")
    assert "seen on T2 too" in again or "A. Reader" in again
    for heading in ("Findings at a glance", "Alignment of the studies", "How it was made"):
        assert (heading in again) and (heading in html)
    assert [point.volume.GetName() for point in widget.chosenTimePoints()] == [first.GetName(), other.GetName()]


def test_cancel_leaves_the_scene(panel, load, finish, content):
    import host

    load("study1_FLAIR", 4)
    load("study2_FLAIR", 4)
    widget = panel(NAME)
    quick(widget)
    before = content()
    widget.run.button.click()
    assert host.wait_until(lambda: widget.run.progress_bar.value > 0, 60)
    widget.run.button.click()
    assert finish(widget, 10).startswith("Cancelled")
    assert content() == before


def test_a_constant_image_is_explained(panel, load, finish, content):
    import slicer

    load("study1_FLAIR", 4)
    slicer.util.addVolumeFromArray(np.full((20, 20, 20), 7.0), name="Flat")
    widget = panel(NAME)
    before = content()
    widget.run.button.click()
    assert "constant" in finish(widget)
    assert content() == before


def test_what_is_missing(panel, load):
    first, other = load("study1_FLAIR", 4), load("study2_FLAIR", 4)
    widget = panel(NAME)
    assert widget.run.button.enabled
    choose(widget, 1, first)
    assert "same volume" in widget.run.message and not widget.run.button.enabled
    choose(widget, 1, None)
    assert "two or more" in widget.run.message
    choose(widget, 1, other)
    type_date(widget, 0, "31.5.2020")
    assert "2024-05-31" in widget.run.message
    type_date(widget, 0, "2020-05-31")
    assert widget.run.button.enabled
    type_date(widget, 1, "2019-05-31")  # dates put them in order
    assert [point.volume for point in widget.chosenTimePoints()] == [other, first]
    assert widget.run.button.enabled and widget.run.message == ""
    widget.timePoints.remove_button.click()
    assert "two or more" in widget.run.message
    widget.timePoints.add_button.click()
    assert {point.volume for point in widget.chosenTimePoints()} == {first, other}


def test_dates_and_order_are_proposed(panel, load):
    later, earlier = load("study1_FLAIR", 4), load("study2_FLAIR", 4)
    later.SetName("FLAIR 2021-03-04")
    earlier.SetName("FLAIR 20190102")
    widget = panel(NAME)
    assert [(p.volume, p.date) for p in widget.chosenTimePoints()] == [(earlier, "2019-01-02"), (later, "2021-03-04")]
    widget.timePoints.select(1)
    assert widget.timePoints.date_edit.text == "2021-03-04"
    assert widget.timePoints.volume_box.currentNode() is later


@pytest.mark.parametrize("volumes", [0, 1])
def test_too_few_volumes(panel, load, volumes):
    for _ in range(volumes):
        load("study1_FLAIR", 4)
    widget = panel(NAME)
    assert "two or more" in widget.run.message and not widget.run.button.enabled


def test_the_studies_of_a_scene_that_is_opened_are_proposed(panel, scene, tmp_path):
    """Its subject hierarchy is put together while it is loaded: what is proposed knows patient and dates."""
    import datetime

    import slicer

    from MedProcLib.scene.hierarchy import add_patient, add_study, place_under

    patient = add_patient(scene, "Doe")
    dates = [datetime.date(2020 + n, 3, 1) for n in range(3)]
    for number, date in enumerate(dates):
        volume = slicer.util.addVolumeFromArray(np.ones((4, 5, 6), np.float32), name=f"Image {number}")
        place_under(volume, add_study(scene, patient, f"Study {number}", date))
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    scene.Clear(0)
    widget = panel(NAME)
    slicer.util.loadScene(path)
    assert [(p.volume.GetName(), p.date) for p in widget.chosenTimePoints()] == [
        (f"Image {number}", date.isoformat()) for number, date in enumerate(dates)
    ]
    assert widget.timePoints.patient_box.currentText == "Doe (3)"


def test_studies_that_are_loaded_while_the_panel_is_open_are_proposed(panel, scene):
    import slicer
    from host import wait_until

    widget = panel(NAME)
    volumes = []

    def load(name):
        volumes.append(slicer.util.addVolumeFromArray(np.ones((4, 5, 6), np.float32), name=name))

    def chosen():
        return [point.volume for point in widget.chosenTimePoints()]

    load("FLAIR 2021-03-04")
    load("FLAIR 2019-01-02")
    assert wait_until(lambda: chosen() == volumes[::-1], 3) and widget.run.button.enabled
    load("FLAIR 2018-01-02")  # an earlier one: the list is as it was proposed
    assert wait_until(lambda: chosen() == [volumes[2], volumes[1]], 3)
    widget.timePoints.select(1)
    widget.timePoints.date_edit.text = "2022-0"
    widget.timePoints.date_edit.textEdited.emit("2022-0")
    kept = chosen()
    load("FLAIR 2016-01-02")  # now it is the reader's, who goes on typing
    wait_until(lambda: False, 0.6)
    assert chosen() == kept and widget.timePoints.date_edit.text == "2022-0"
    type_date(widget, 1, "2022-05-06")
    assert [point.date for point in widget.chosenTimePoints()] == ["2018-01-02", "2022-05-06"]
    assert widget.timePoints.patient_box.itemText(1).endswith("(4)")
    widget.timePoints.date_edit.textEdited.emit("2022-0")
    scene.Clear(0)  # nobody types a date of the next patient's, whose volumes have the same ids
    for year in (2011, 2012):
        load(f"FLAIR {year}-01-02")
        wait_until(lambda: False, 0.4)
    widget.timePoints.select(1)
    assert chosen() == volumes[-2:] and widget.timePoints.date_edit.text == "2012-01-02"


def test_studies_of_a_batch_that_takes_its_time_are_proposed_when_it_ends(panel, scene):
    import slicer
    from host import wait_until

    widget = panel(NAME)
    scene.StartState(scene.BatchProcessState)
    volumes = [
        slicer.util.addVolumeFromArray(np.ones((4, 5, 6), np.float32), name=f"FLAIR {year}-01-02")
        for year in (2019, 2021)
    ]
    wait_until(lambda: False, 0.5)
    assert not widget.chosenTimePoints()
    scene.EndState(scene.BatchProcessState)
    assert wait_until(lambda: [point.volume for point in widget.chosenTimePoints()] == volumes, 3)


def test_what_was_typed_for_the_time_points_survives_a_new_session(panel, scene, tmp_path):
    import slicer

    values = np.zeros((4, 5, 6), np.float32)
    for name in ("A", "B"):
        slicer.util.addVolumeFromArray(values, name=name)
        scene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"Outlines {name}")
        scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", f"Marks {name}")
    widget = panel(NAME)
    for row, (date, name) in enumerate((("2019-05-31", "A"), ("2021-02-01", "B"))):
        widget.timePoints.select(row)
        widget.timePoints.segmentation_box.setCurrentNode(slicer.util.getNode(f"Outlines {name}"))
        widget.timePoints.landmarks_box.setCurrentNode(slicer.util.getNode(f"Marks {name}"))
        type_date(widget, row, date)
    expected = [("A", "2019-05-31", "Outlines A", "Marks A"), ("B", "2021-02-01", "Outlines B", "Marks B")]

    def chosen():
        points = widget.chosenTimePoints()
        return [(p.volume.GetName(), p.date, p.segmentation.GetName(), p.landmarks.GetName()) for p in points]

    assert chosen() == expected
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    scene.Clear(0)
    assert widget.timePoints.results.row < 0 and not widget.chosenTimePoints()
    slicer.util.loadScene(path)
    assert chosen() == expected
    scene.RemoveNode(widget.timePoints.landmarks_box.currentNode())
    assert [p.landmarks is None for p in widget.chosenTimePoints()].count(True) == 1
    assert widget.run.button.enabled


def test_a_segmentation_that_is_renamed_is_no_other_choice(panel, scene):
    """Which a list of nodes tells as one; the other studies would take theirs again."""
    import slicer

    for name in ("A", "B"):
        volume = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.float32), name=name)
        node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"Outlines {name}")
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        node.GetSegmentation().AddEmptySegment("Target")
    points = panel(NAME).timePoints
    points.select(0)
    points.segmentation_box.setCurrentNode(slicer.util.getNode("Outlines A"))
    assert [p.segmentation.GetName() for p in points.chosen()] == ["Outlines A", "Outlines B"]
    points.select(1)
    points.segmentation_box.setCurrentNode(None)
    points.select(0)
    points.chosen()[0].segmentation.SetName("By Dr. A")
    assert [p.segmentation and p.segmentation.GetName() for p in points.chosen()] == ["By Dr. A", None]
    assert points.table.item(0, 2).text() == "By Dr. A"


def test_a_head_turned_by_120_degrees_is_aligned_from_landmarks(panel, load, finish, scene):
    import slicer

    from MedProcLib.scene.coordinates import matrix_of_array
    from MedProcLib.scene.markups import points_node_from
    from MedProcLib.scene.timeline_nodes import transform_at
    from MedProcLib.scene.transforms import matrix_of_transform, transform_of_node

    first, other = load("study1_FLAIR", 8), load("study1_FLAIR", 8)
    first.SetName("before")
    other.SetName("after")
    noise = np.random.default_rng(1).normal(0, 3, slicer.util.arrayFromVolume(other).shape)
    slicer.util.updateVolumeFromArray(other, slicer.util.arrayFromVolume(other) + noise)
    turn = np.array([[-0.5, -(0.75**0.5), 0, 20], [0.75**0.5, -0.5, 0, -10], [0, 0, 1, 5], [0, 0, 0, 1]])
    holder = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "scanner")
    holder.SetMatrixTransformToParent(matrix_of_array(turn))
    other.SetAndObserveTransformNodeID(holder.GetID())
    places = np.array([[40.0, 0, 0], [-40, 0, 10], [0, 60, -20], [10, -50, 30]])
    names = ["ear", "nose", "chin", "neck"]
    off = places[::-1] + np.array([0, 1, 0])
    lists = [points_node_from(places, names, "in first"), points_node_from(off, names[::-1], "in the other")]
    lists[1].SetAndObserveTransformNodeID(holder.GetID())  # as the image it was marked in
    widget = panel(NAME, 350)
    widget.parameters.steps = "As set below"
    for step in widget.chain.steps:
        if step.declaration.name not in ("comparison.register", "comparison.match_findings"):
            step.enabled_box.click()
    widget.run.button.click()
    finish(widget)
    assert (
        "failed" in widget.ui.verdictLabel.text and "places in both studies as Landmarks" in widget.ui.verdictLabel.text
    )
    for row, node in enumerate(lists):
        widget.timePoints.select(row)
        widget.timePoints.landmarks_box.setCurrentNode(node)
    widget.run.button.click()
    finish(widget)
    told = widget.ui.verdictLabel.text
    assert "aligned well" in told and "after: landmarks 1.0 mm from where they were marked on average" in told
    found = matrix_of_transform(transform_of_node(transform_at(widget.patientNode(), "after")))
    flip = np.diag([-1, -1, 1, 1])
    np.testing.assert_allclose(found, flip @ turn @ flip, atol=0.3)
    lists[1].RemoveNthControlPoint(0)
    widget.run.button.click()
    assert "4 landmarks in the first image and 3 in the other" in finish(widget)


def failed_comparison():
    """Two studies that could not be aligned."""
    import SimpleITK as sitk

    from MedProcLib.comparison.result import Comparison, PairComparison, Registration, Verdict
    from MedProcLib.comparison.study import Study
    from MedProcLib.core.geometry import Geometry
    from MedProcLib.core.recipe import Recipe

    image, same = sitk.Image(4, 4, 4, sitk.sitkFloat32), sitk.Transform(3, sitk.sitkIdentity)
    registration = Registration(same, same, same, Verdict.FAILED, ("Nothing in them is alike.",), ())
    pair = PairComparison(0, 1, registration, Geometry.of(image), *[image] * 7, ())
    return Comparison((Study("A", image), Study("B", image)), (pair,), Recipe())


def test_what_cannot_be_aligned_is_never_called_without_findings(panel):
    import dataclasses

    from MedProcLib.comparison.result import Verdict
    from MedProcLib.widgets.comparison_sentence import sentence

    widget, comparison = panel(NAME, 350), failed_comparison()
    assert sentence(comparison) == "Nothing was compared: not aligned with 'A': B."
    good = dataclasses.replace(
        comparison.pairs[0], registration=dataclasses.replace(comparison.pairs[0].registration, verdict=Verdict.GOOD)
    )
    failed = dataclasses.replace(comparison.pairs[0], moving=2)
    studies = (*comparison.studies, dataclasses.replace(comparison.studies[1], name="C"))
    two = dataclasses.replace(comparison, studies=studies, pairs=(good, failed))
    assert sentence(two) == "'B' against the first: No finding in either study. Not aligned, so left out: C."
    widget.session.keep(comparison, None)
    widget.onPatientChanged()
    text = widget.ui.verdictLabel.text
    assert "nothing was compared" in text and "Nothing in them is alike." in text and "Transforms module" in text


def test_before_a_comparison_each_button_says_what_it_waits_for(panel):
    widget = panel(NAME)
    waiting = (
        *(widget.views.show_button, widget.maps.make_button, widget.response.chart_button, widget.files.save_button),
        *(widget.response.propose_button, widget.ui.reportButton),
    )
    assert not any(button.enabled for button in waiting)
    assert all("Compare first" in button.toolTip for button in waiting)


def test_the_findings_of_another_comparison_can_be_chosen(panel, scene):
    from MedProcLib.comparison.tracks.model import Patient
    from MedProcLib.scene.timeline_nodes import add_patient_node

    first, other = (add_patient_node(Patient("", (), ()), name, scene) for name in ("First", "Other"))
    widget = panel(NAME)
    assert widget.patientNode() is first and widget.patientRow.visible
    widget.patients.combo_box.currentIndex = 1
    assert widget.patientNode() is other
    scene.RemoveNode(other)
    widget.exit()
    widget.enter()
    assert widget.patientNode() is first and not widget.patientRow.visible


@pytest.mark.parametrize("name", [NAME, "MedProcSegmentation", "MedProcQuantification"])
def test_a_panel_that_could_not_be_made_can_be_unloaded(panel, name, monkeypatch):
    """Else what is told last is that it lacks something, instead of why it could not be made."""
    import slicer

    from MedProcLib.widgets import module_widget

    with monkeypatch.context() as broken:
        broken.setattr(module_widget, "RunPanel", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            panel(name)
    half = getattr(slicer.modules, f"{name}Widget")
    half.cleanup()
    half.parent.deleteLater()
    assert panel(name).run.message.startswith("Choose ")
