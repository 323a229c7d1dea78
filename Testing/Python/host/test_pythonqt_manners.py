"""The host's Qt has PythonQt's manners; each test is one of them."""

import host
import pytest
from host.failures import HostError


@pytest.fixture
def qt(scene):
    import qt

    return qt


@pytest.fixture
def ctk(scene):
    import ctk

    return ctk


def test_property_hides_method_of_the_same_name(qt, ctk):
    slider = ctk.ctkSliderWidget()
    slider.value = 12.5
    assert slider.value == 12.5
    with pytest.raises(TypeError):
        slider.value()
    label = qt.QLabel("text")
    assert label.text == "text"
    with pytest.raises(TypeError):
        label.text()


def test_author_attributes_come_before_properties(qt):
    class Box(qt.QSpinBox):
        minimum = "mine"

        def value(self):
            return "own method"

    box = Box()
    assert box.minimum == "mine"
    assert box.value() == "own method"
    box.maximum = 5
    assert box.maximum == 5


def test_dynamic_properties_and_children_are_found_last(qt):
    parent = qt.QWidget()
    child = qt.QPushButton("child", parent)
    child.objectName = "theButton"
    parent.setProperty("SlicerParameterName", "threshold")
    assert parent.theButton is child
    assert parent.SlicerParameterName == "threshold"
    assert child.name == "theButton"
    child.name = "renamed"
    assert child.objectName == "renamed"


def test_only_slots_and_invokables_are_callable(ctk):
    slider = ctk.ctkSliderWidget()
    with pytest.raises(AttributeError):
        slider.setRange(0, 1)  # in C++ only
    with pytest.raises(AttributeError):
        slider.setMinimum(0)
    slider.setValue(3)
    assert slider.value == 3
    assert ctk.ctkRangeWidget().setRange(0, 5) is None  # made callable in C++


def test_isinstance_is_false_for_base_classes(qt, ctk):
    button = qt.QPushButton()
    assert isinstance(button, qt.QPushButton)
    assert not isinstance(button, qt.QWidget)
    assert button.inherits("QWidget")
    slider = ctk.ctkSliderWidget()
    assert not isinstance(slider, qt.QWidget)
    assert slider.inherits("ctkSliderWidget")
    assert slider.inherits("QWidget")

    class Dialog(qt.QDialog):
        pass

    dialog = Dialog()
    assert isinstance(dialog, Dialog)
    assert isinstance(dialog, qt.QDialog)
    assert not isinstance(dialog, qt.QWidget)


def test_enums_are_integers(qt, ctk):
    assert qt.Qt.Checked == 2
    assert int(qt.Qt.AlignRight) == 2
    assert ["zero", "one", "two"][qt.Qt.Checked] == "two"
    assert ctk.ctkPathLineEdit.Files == 2
    assert ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable == 33
    assert qt.QMessageBox.Ok != True  # noqa: E712 - slicer.util compares the answer with an enumerator


def test_lists_come_back_as_tuples(scene):
    import slicer

    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLModelNode", "vtkMRMLTableNode"]
    assert combo.nodeTypes == ("vtkMRMLModelNode", "vtkMRMLTableNode")
    assert slicer.qMRMLSegmentsTableView().selectedSegmentIDs() == ()


def test_no_new_attributes_on_cpp_objects(qt, ctk):
    for widget in (qt.QPushButton(), ctk.ctkSliderWidget()):
        with pytest.raises(AttributeError, match="not allowed"):
            widget.myNote = 1


def test_methods_and_read_only_properties_cannot_be_overwritten(qt, ctk):
    with pytest.raises(AttributeError):
        ctk.ctkSliderWidget().setValue = print
    with pytest.raises(AttributeError, match="not writable"):
        ctk.ctkDoubleSpinBox().cleanText = "1"
    with pytest.raises(AttributeError, match="not writable"):
        qt.QPushButton().width = 100


def test_property_refuses_a_value_of_the_wrong_type(scene, ctk, qt):
    import slicer

    with pytest.raises(AttributeError, match="does not accept"):
        ctk.ctkSliderWidget().value = "five"
    with pytest.raises(AttributeError, match="does not accept"):
        slicer.qMRMLNodeComboBox().nodeTypes = "vtkMRMLModelNode"
    with pytest.raises(AttributeError, match="does not accept"):
        qt.QSpinBox().value = "five"


def test_a_float_is_floored_for_an_integer_property(qt):
    box = qt.QSpinBox()
    box.value = 7.9
    assert box.value == 7


def test_slot_gets_as_many_arguments_as_it_declares(qt):
    got = []
    button = qt.QPushButton()
    button.connect("clicked(bool)", lambda: got.append("none"))
    button.connect("clicked(bool)", lambda x=5: got.append(x))
    button.connect("clicked(bool)", lambda *all_of_them: got.append(all_of_them))
    button.click()
    assert got == ["none", False, (False,)]


def test_signal_objects_trim_arguments_as_well(ctk):
    got = []
    widget = ctk.ctkRangeWidget()
    widget.valuesChanged.connect(lambda: got.append("none"))
    widget.connect("valuesChanged(double,double)", lambda lower: got.append(lower))
    widget.setValues(10, 20)
    assert got == ["none", 10]


def test_exception_in_a_slot_is_collected_not_raised(qt, ctk):
    def fail():
        raise ZeroDivisionError("in the slot")

    after = []
    button = qt.QPushButton()
    button.connect("clicked()", fail)
    button.connect("clicked()", lambda: after.append("went on"))
    button.click()
    slider = ctk.ctkSliderWidget()
    slider.valueChanged.connect(fail)
    slider.value = 4
    assert after == ["went on"]
    assert [type(failure.error) for failure in host.errors] == [ZeroDivisionError, ZeroDivisionError]
    host.errors.clear()


def test_exception_in_an_observer_is_collected(scene):
    def fail(caller, event):
        raise KeyError("in the observer")

    tag = scene.AddObserver(scene.NodeAddedEvent, fail)
    scene.AddNewNodeByClass("vtkMRMLTextNode")
    scene.RemoveObserver(tag)
    assert [type(failure.error) for failure in host.errors] == [KeyError]
    host.errors.clear()


def test_misspelt_signal_raises_and_is_collected(qt, ctk):
    for widget in (qt.QPushButton(), ctk.ctkSliderWidget()):
        with pytest.raises(HostError, match="no signal"):
            widget.connect("clickedd(bool)", print)
    assert len(host.errors) == 2
    host.errors.clear()


def test_disconnect_stops_one_slot_or_all(qt, ctk):
    got = []

    def first():
        got.append("first")

    def second():
        got.append("second")

    button = qt.QPushButton()
    button.connect("clicked()", first)
    button.connect("clicked()", second)
    assert button.disconnect("clicked()", first)
    button.click()
    assert got == ["second"]
    slider = ctk.ctkSliderWidget()
    slider.connect("valueChanged(double)", first)
    assert slider.disconnect("valueChanged(double)", first)
    assert not slider.disconnect("valueChanged(double)", first)
    slider.value = 9
    assert got == ["second"]


def test_blocked_signals_of_standins_are_silent(ctk):
    got = []
    slider = ctk.ctkSliderWidget()
    slider.valueChanged.connect(got.append)
    was_blocked = slider.blockSignals(True)
    slider.value = 1
    slider.blockSignals(was_blocked)
    slider.value = 2
    assert got == [2.0]


@pytest.mark.parametrize("name", ["QRegExp", "Signal", "Slot", "QFancyWidget"])
def test_qt_has_only_what_pythonqt_and_both_qt_versions_have(qt, name):
    with pytest.raises((AttributeError, NotImplementedError)):
        getattr(qt, name)


def test_misspelt_names_raise(scene, qt, ctk):
    import slicer

    with pytest.raises(AttributeError):
        qt.QPushButton().setTextt("x")
    with pytest.raises(AttributeError):
        ctk.ctkSliderWidget().maximumm  # noqa: B018
    with pytest.raises(AttributeError):
        ctk.ctkSliderWidgets()
    with pytest.raises(AttributeError):
        slicer.qMRMLNodeCombo()
    with pytest.raises(AttributeError):
        slicer.arrayFromVolume  # noqa: B018 - slicer-core leaks it, Slicer does not


def test_names_of_newer_qt_only_raise(qt):
    with pytest.raises(AttributeError):
        qt.QCheckBox().checkStateChanged  # noqa: B018 - from Qt 6.7


def test_classes_that_only_the_application_makes_cannot_be_constructed(scene):
    import slicer

    with pytest.raises((TypeError, AttributeError)):
        slicer.qSlicerApplication([])


def test_timer_fires_while_events_are_processed(qt):
    got = []
    timer = qt.QTimer()
    timer.singleShot = True
    timer.interval = 1
    timer.connect("timeout()", lambda: got.append("timer"))
    timer.start()
    qt.QTimer.singleShot(1, lambda: got.append("shot"))
    assert host.wait_until(lambda: len(got) == 2, timeout_s=5)
    assert sorted(got) == ["shot", "timer"]
    assert not timer.active


def test_deleted_object_is_told_apart(qt):
    label = qt.QLabel()
    label.delete()
    with pytest.raises((ValueError, RuntimeError)):
        label.text  # noqa: B018


def test_find_children_by_class_name(qt, ctk):
    parent = qt.QWidget()
    slider = ctk.ctkSliderWidget(parent)
    slider.objectName = "s"
    assert parent.findChildren("ctkSliderWidget") == (slider,)
    assert parent.findChild(ctk.ctkSliderWidget, "s") is slider
    assert parent.findChild(qt.QWidget, "other") is None
    assert slider.className() == "ctkSliderWidget"
