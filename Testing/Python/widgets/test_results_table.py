"""A table of results: what is shown anew and what is changed in place look alike."""

import pytest


@pytest.fixture
def made(app):
    from MedProcLib.widgets.fields import row_table
    from MedProcLib.widgets.results_table import ResultsTable

    selected = []
    return ResultsTable(row_table("resultsTable", ""), selected.append), selected


def look(results):
    table = results.widget
    cells = [[table.item(r, c) for c in range(table.columnCount)] for r in range(table.rowCount)]
    return (
        [[(item.text(), item.toolTip()) for item in line] for line in cells],
        [table.horizontalHeaderItem(c).text() for c in range(table.columnCount)],
        [table.columnWidth(c) for c in range(table.columnCount)],
    )


LINES = [["F001", 12.0, "yes"], ["F002", 3.0, "no"], ["F003", None, ""]]


def test_figures_of_a_column_have_as_many_decimals(app):
    """A diameter of 3.9 stood below one of 7.66."""
    from MedProcLib.widgets.results_table import shown

    figures = [3.9, 7.66, -1.2, 3.0, 12.0, 99.96, 1234.5, 0.5, 0.0123, float("nan"), None, 7]
    expected = ["3.90", "7.66", "-1.20", "3", "12.0", "100.0", "1234", "0.5", "0.0123", "", "", "7"]
    assert [shown(value) for value in figures] == expected


def test_changes_in_place_look_as_if_shown_anew(app, made):
    from MedProcLib.widgets.fields import row_table
    from MedProcLib.widgets.results_table import ResultsTable

    results, selected = made
    results.show(["No.", "Size", "Sure"], LINES, ["a", "b", "c"])
    results.widget.setCurrentCell(1, 0)
    kept = results.widget.item(2, 0)
    for lines, tips in (
        ([LINES[0], ["✓ F002", 3.5, "no"], LINES[2]], ["a", "<b>", "c"]),
        ([["F001", 12.0, "a far longer text than before"], *LINES[1:]], ["a", "b", "c"]),
        (LINES, ["a", "b", "c"]),
        (LINES, []),
        (LINES[:2], ["a", "b"]),
    ):
        results.show(["No.", "Size", "Sure"], lines, tips)
        anew = ResultsTable(row_table("other", ""), lambda row: None)
        anew.show(["No.", "Size", "Sure"], lines, tips)
        assert look(results) == look(anew) and results.row == 1
        if len(lines) == 3 and tips:
            assert results.widget.item(2, 0) is kept or results.widget.item(2, 0).text() == kept.text()
    assert selected == [1]


def test_columns_a_few_pixels_too_wide_are_narrowed(app):
    """At 350 pixels the list of three studies had a scroll bar for the sake of its margins."""
    from MedProcLib.widgets.fields import row_table
    from MedProcLib.widgets.results_table import ResultsTable

    table = row_table("narrow", "")
    ResultsTable(table, lambda row: None, giving=1).show(["No.", "Size", "Sure"], [["F001", 3, "no"]])
    table.show()
    widths = [table.columnWidth(column) for column in range(3)]
    frame = table.width - table.viewport().width
    for narrower, expected in ((6, [widths[0], widths[1] - 3, widths[2] - 3]), (40, widths)):
        for column, width in enumerate(widths):
            table.setColumnWidth(column, width)
        table.setFixedWidth(sum(widths) + frame - narrower)
        app.processEvents()
        assert [table.columnWidth(column) for column in range(3)] == expected
    table.close()


def test_columns_as_wide_as_their_figures_do_not_cut_them_short(app):
    """At 350 pixels a mean of 421.3 was shown as '4...3'."""
    from MedProcLib.widgets.fields import row_table
    from MedProcLib.widgets.results_table import ResultsTable

    table = row_table("figures", "")
    ResultsTable(table, lambda row: None, giving=1).show(["No.", "M", "Measured"], [[1, 42123.0, 7], [2, 39801.0, 8]])
    table.show()
    widths = [table.columnWidth(column) for column in range(3)]
    frame = table.width - table.viewport().width
    for narrower, expected in ((3, [*widths[:2], widths[2] - 3]), (8, widths)):
        for column, width in enumerate(widths):
            table.setColumnWidth(column, width)
        table.setFixedWidth(sum(widths) + frame - narrower)
        app.processEvents()
        assert [table.columnWidth(column) for column in range(3)] == expected
    table.close()


def test_a_header_that_fits_its_columns_measures_them_once(app, made):
    """Told of each cell it measured every row each time: filtering a page of 300 findings took a second."""
    import qt

    results, _selected = made
    table, told = results.widget, []
    table.show()
    results.show(["No.", "Size"], [["F001", 12.0]])
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    table.model().dataChanged.connect(lambda *where: told.append(where))
    results.show(["No.", "Size"], [["a far longer name", 3.0]])
    app.processEvents()
    assert told == [] and table.item(0, 0).text() == "a far longer name"
    assert table.columnWidth(0) >= table.sizeHintForColumn(0) > table.columnWidth(1)


def test_columns_share_what_they_leave_and_give_it_back(app):
    """So that there is no gap beside the scroll bar; one that is hidden and comes back is as wide as it was."""
    from MedProcLib.widgets.fields import row_table
    from MedProcLib.widgets.results_table import ResultsTable

    table = row_table("findings", "")
    results = ResultsTable(table, lambda row: None, giving=1)
    table.resize(400, 200)
    table.show()
    app.processEvents()
    results.show(["No.", "2020", "2021", "2022"], [["F001", 1234, 1235, 1236]] * 20)
    natural = [table.columnWidth(n) for n in range(4)]
    results.hide([1, 2], 0)
    for width in (400, 150, 260, 400):
        table.resize(width, 200)
        app.processEvents()
        results.fit()
        seen = [n for n in range(4) if not table.isColumnHidden(n)]
        widths = [table.columnWidth(n) for n in seen]
        assert sum(widths) == table.viewport().width, width
        assert all(w >= natural[n] - 4 for w, n in zip(widths, seen, strict=True)), (width, widths, natural)
        more = [w - natural[n] for w, n in zip(widths, seen, strict=True)]
        assert max(more) - min(more) <= (4 if min(more) < 0 else 1)
    assert len(seen) == 4
