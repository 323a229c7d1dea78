"""Tab goes through a panel as it is read, also where widgets came or moved later."""

import pytest


def visited(widget):
    """Numbers of the fields in the order in which Tab reaches them, from the first of the layout on."""
    first = here = widget.layout().itemAt(0).widget()
    names = []
    while True:
        if here.objectName:
            names.append(here.objectName)
        here = here.nextInFocusChain()
        if here is first:
            return names


@pytest.fixture
def fields(scene):
    import qt

    def make(*names):
        found = []
        for name in names:
            found.append(qt.QLineEdit())
            found[-1].objectName = name
        return found

    return make


def test_a_field_that_came_later_is_visited_in_its_place(fields):
    import qt

    from MedProcLib.widgets.tab_order import order_tabs

    widget, box = qt.QWidget(), qt.QWidget()
    layout, inside = qt.QVBoxLayout(widget), qt.QVBoxLayout(box)
    first, last, second, third = fields("first", "last", "second", "third")
    layout.addWidget(first)
    layout.addWidget(box)
    layout.addWidget(last)
    inside.addWidget(second)
    inside.addWidget(third)
    order_tabs(widget)
    assert visited(widget) == ["first", "second", "third", "last"]
    between, at_the_end = fields("between", "at the end")
    inside.insertWidget(1, between)
    inside.addWidget(at_the_end)
    order_tabs(box)
    assert visited(widget) == ["first", "second", "between", "third", "at the end", "last"]


def test_steps_that_move_are_visited_as_they_are_shown(panel):
    from MedProcLib.core.registry import find_operation

    widget = panel("MedProcEnhancement")
    widget.chain.add(find_operation("enhancement.clahe"))
    widget.chain.move(widget.chain.steps[-1], -3)
    boxes = [step.enabled_box for step in widget.chain.steps]
    reached, here = [], widget.ui.maskSelector
    while here is not widget.run.button:
        here = here.nextInFocusChain()
        reached += [boxes.index(box) for box in boxes if box is here]
    assert reached == [0, 1, 2, 3]
