"""The widgets of the list of findings over time, in a narrow column."""

import qt
from slicer.i18n import tr as _

from .fields import beside, combo, line_edit, row_table, text_label
from .review_list import TABLE_HEIGHT, Pages, decision_buttons, reader_field

FILTER_TITLES = (_("All"), _("Changed"), _("Proposed"), _("Accepted"), _("Rejected"))
MEASURE_TITLES = (_("Volume [mm³]"), _("Longest diameter [mm]"), _("Short diameter [mm]"), _("Mean"))
REFERENCE_TITLES = (_("since previous"), _("since baseline"), _("since nadir"))


class TracksForm:
    """widget: to put in a layout; nothing is connected yet."""

    def __init__(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.summary_label = qt.QLabel()
        self.summary_label.wordWrap = True
        self.filter_box = combo("tracksFilter", _("Which findings are listed"), FILTER_TITLES)
        layout.addWidget(beside(self.summary_label, self.filter_box))
        self._details = qt.QWidget()
        layout.addWidget(self._details)
        layout = qt.QVBoxLayout(self._details)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.measure_box = combo("tracksMeasure", _("What is shown of each time point"), MEASURE_TITLES)
        self.reference_box = combo("tracksReference", _("What class and change are counted from"), REFERENCE_TITLES)
        layout.addWidget(beside(self.measure_box, self.reference_box))
        tip = _(
            "Findings over time; click one to see it at every time point, a heading to sort, hover for all that is "
            "known. Shift+click and Ctrl+click select several, to accept or reject them together. Sure: whether the "
            "change is beyond measuring error (yes, no, or ? where that cannot be said). Behind a class: since "
            "baseline it has grown (↗), has shrunk (↘) or is new (+). A class in parentheses is from before the "
            "previous time point. Of time points that there is no room for, the first and the last ones are listed"
        )
        self.table = row_table("tracksTable", tip)
        self.table.setSelectionMode(qt.QAbstractItemView.ExtendedSelection)
        self.table.horizontalHeader().highlightSections = False  # bold titles would take the width of a column
        self.table.setMinimumHeight(TABLE_HEIGHT)
        layout.addWidget(self.table)
        self.marks_label = text_label()
        layout.addWidget(self.marks_label)
        self.pages = Pages(self._on_page)
        layout.addWidget(self.pages.widget)
        self.reason_label = text_label()
        layout.addWidget(self.reason_label)
        form = qt.QFormLayout()
        self.reader_edit = reader_field(_("Who decides; written beside every correction, with the time"))
        self.comment_edit = line_edit("commentEdit", _("A remark that is kept with the decision"))
        self.at_box = combo("decisionTimePoint", _("At which time points the decision and corrections hold"))
        form.addRow(_("Reader:"), self.reader_edit)
        form.addRow(_("Comment:"), self.comment_edit)
        form.addRow(_("At:"), self.at_box)
        layout.addLayout(form)
        self.buttons = decision_buttons(("redo", _("Redo")))
        self.decisions = beside(*self.buttons.values())
        layout.addWidget(self.decisions)
        self.advance_box = qt.QCheckBox(_("Then go to the next open finding"))
        self.advance_box.checked = True
        self.advance_box.toolTip = _("So that A and R alone lead through the list")
        layout.addWidget(self.advance_box)

    def _on_page(self) -> None:
        """Another page is shown."""
        raise NotImplementedError
