"""Every declared operation has a panel that shows its defaults and gives back what was set, to the last digit."""

import random

import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.core.registry import operations

NAMES = [declaration.name for declaration in operations()]


@pytest.fixture
def make(scene):
    from MedProcLib.widgets.operation_panel import OperationPanel

    by_name = {declaration.name: declaration for declaration in operations()}
    return lambda name, changed=None: OperationPanel(by_name[name], changed)


def other_values(declaration, seed):
    """For each parameter a value that is not its default, numbers with more digits than a slider shows."""
    rng = random.Random(seed)
    values = {}
    for p in declaration.parameters:
        if p.kind == "bool":
            values[p.name] = not p.default
        elif p.kind == "choice":
            values[p.name] = rng.choice([c for c in p.choices if c != p.default] or list(p.choices))
        elif p.kind == "text":
            values[p.name] = "some text"
        elif p.kind == "int":
            values[p.name] = rng.randint(int(p.minimum), int(p.maximum))
        else:
            values[p.name] = rng.uniform(p.minimum, p.maximum)
    return values


@pytest.mark.parametrize("name", NAMES)
def test_default_and_round_trip(make, name):
    panel = make(name)
    declaration = panel.declaration
    assert panel.operation() == declaration.create()
    assert not panel.reset_button.enabled
    for seed in range(3):
        values = other_values(declaration, seed)
        panel.set_parameters(values)
        assert panel.parameters() == values
        assert panel.operation() == declaration.create(values)
    panel.reset()
    assert panel.operation() == declaration.create()


@pytest.mark.parametrize("name", NAMES)
def test_limits_and_default_are_shown_as_they_are(make, name):
    """What the widget shows of the default is the default: touching nothing else changes nothing."""
    for editor in make(name).editors.values():
        parameter = editor.parameter
        assert parameter.meaning.lower()[:20] in editor.widget.toolTip.lower()
        if parameter.kind in ("float", "int"):
            assert editor.widget.value == pytest.approx(parameter.default, rel=1e-12)
            assert editor.widget.maximum == pytest.approx(parameter.maximum)


def test_user_changes_are_told_and_taken(make):
    told = []
    panel = make("segmentation.bright_outliers", lambda: told.append(panel.parameters()))
    panel.editors["low"].widget.value = 2.5
    panel.editors["polarity"].widget.currentIndex = 1
    assert [values["low"] for values in told] == [2.5, 2.5]
    assert panel.operation().polarity == "dark"
    assert panel.reset_button.enabled
    panel.reset_button.click()
    assert panel.operation() == panel.declaration.create()
    assert len(told) == 3


def test_setting_values_is_not_told(make):
    told = []
    panel = make("segmentation.bright_outliers", lambda: told.append(1))
    panel.set_parameters({"low": 1.23456789, "polarity": "dark"})
    assert told == []
    assert panel.operation().low == 1.23456789


def test_a_bad_value_changes_nothing(make):
    panel = make("segmentation.bright_outliers")
    panel.set_parameters({"low": 1.5})
    with pytest.raises(InputError, match="low"):
        panel.set_parameters({"high": 5.0, "low": -1})
    assert panel.operation() == panel.declaration.create({"low": 1.5})


def test_a_zero_that_means_measured_says_so(make):
    panel = make("enhancement.non_local_means")
    spin_box = panel.editors["noise"].widget
    assert spin_box.value == 0 and spin_box.text == "measured"
    spin_box.value = 12.5
    assert panel.operation().noise == 12.5 and spin_box.text.startswith("12.5")


def test_choices_keep_units_and_names(app):
    from MedProcLib.widgets.parameter_editor import choice_titles

    assert choice_titles(["3D", "each_slice"]) == ["3D", "Each slice"]
    assert choice_titles(["intensity", "HU", "um2/s", "ms"]) == ["intensity", "HU", "um2/s", "ms"]
