"""The line of a run button, read wherever the reader works in a long panel."""

import pytest


@pytest.fixture
def window(scene):
    """A main window as Slicer's, with a panel in it that is longer than what is seen."""
    import qt

    from MedProcLib.widgets.run_panel import RunPanel

    window, area, inside = qt.QMainWindow(), qt.QScrollArea(), qt.QWidget()
    window.objectName = "qSlicerMainWindow"
    layout = qt.QVBoxLayout(inside)
    panel = RunPanel("Compare", "", lambda: (lambda progress: None, lambda result: None))
    below = qt.QWidget()
    below.setFixedHeight(3000)
    layout.addWidget(panel.widget)
    layout.addWidget(below)
    area.setWidget(inside)
    area.widgetResizable = True
    window.setCentralWidget(area)
    window.resize(400, 600)
    window.show()
    yield window, area, panel
    panel.close()
    window.close()
    window.objectName = ""  # the next one is looked for by this name
    window.deleteLater()


def test_what_is_said_out_of_sight_is_said_elsewhere(window, caplog):
    import host

    window, area, panel = window
    host.start().processEvents()
    panel.say("Chart 'Sum'.")
    panel.say("No date.", is_problem=True)
    assert window.statusBar().currentMessage() == "" and "No date." not in caplog.text
    area.verticalScrollBar().value = 2000
    host.start().processEvents()
    panel.say("Chart 'Spider'.")
    assert window.statusBar().currentMessage() == "Chart 'Spider'." and "Spider" not in caplog.text
    panel.say("No date yet.", is_problem=True)
    panel.say("No date yet.", is_problem=True)  # as on every click while nothing has changed
    assert caplog.text.count("No date yet.") == 1 and panel.message == "No date yet."


def test_what_a_computation_noted_is_below_its_result(window):
    import host

    panel = window[2]
    panel.start(lambda: (lambda progress: progress.part(0, 1).note("It is cut off."), lambda result: "Volume 'A'."))
    assert (
        host.wait_until(lambda: not panel.running, 10) is not False and panel.message == "Volume 'A'.\nIt is cut off."
    )
