"""The list of time points to compare: proposed from the subject hierarchy, with date, images and findings of each."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.timeline_input import (
    MOST,
    PatientStudies,
    TimePointInput,
    next_time_point,
    patients_with_studies,
    time_point_of,
    with_alike_findings,
    with_time_points,
)
from .fields import combo, connect_node, line_edit, row_table, titled
from .name_tips import elided
from .results_table import ResultsTable
from .step_panel import tool_button

ROWS_SHOWN = 4
SHORT_NAME = 12  # letters that a column needs no more room for than its title
ROW_HEIGHT = 26


class TimePointsPanel:
    """widget: to put in a layout.

    get: the time points as they are kept; set: keeps others. Call changed() when they may be others.
    """

    def __init__(self, get: Callable[[], list[TimePointInput]], set_: Callable[[list[TimePointInput]], None]) -> None:
        self._get, self._set = get, set_
        self._patients: list[PatientStudies] = []
        self._proposed: list[tuple] = []
        self._filling = False
        self._typed_for: str | None = None  # volume of the time point whose date is being typed
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self._make_head(layout)
        self._make_details(layout)
        self.changed()

    def propose(self) -> None:
        """Fill a list that is empty or as it was proposed: the studies of the first patient that has some, else the two
        earliest loose volumes."""
        points = self._get()
        is_readers = _key(points) != self._proposed or self._typed_for is not None
        if is_readers and any(point.volume is not None for point in points):
            return
        patients = patients_with_studies()
        named = [patient for patient in patients if patient.name]
        if named:
            self._set(list(named[0].time_points))
        elif patients:
            self._set(list(patients[0].time_points[:2]))
        self._proposed = _key(self._get())

    def forget(self) -> None:
        """The scene closes: what is in the next one was not proposed here, nor typed, whatever its ids."""
        self._proposed, self._typed_for = [], None

    def changed(self) -> None:
        """Show the list as it is now."""
        points = self._get()
        self._filling = True
        try:
            self.results.show(
                [_("Date"), _("Image"), _("Findings")],
                [[p.date, _name(p.volume), _name(p.segmentation) or _("automatic")] for p in points],
                [_tip(p) for p in points],
            )
            self._share_width([_name(p.segmentation) for p in points])
            if points and self.results.row < 0:
                self.table.setCurrentCell(0, 0)
            self._show_patients(points)
        finally:
            self._filling = False
        self._show_details()

    def _share_width(self, findings: list[str]) -> None:
        """All columns are seen, however long the names are; long ones are cut in their middle."""
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(1, qt.QHeaderView.Stretch)
        if any(len(name) > SHORT_NAME for name in findings):
            header.setSectionResizeMode(2, qt.QHeaderView.Stretch)

    def chosen(self) -> list[TimePointInput]:
        """The time points as they are listed."""
        return self._get()

    def missing(self) -> str:
        """What has to be chosen before these can be compared; empty when they can."""
        points = self._get()
        volumes = [point.volume for point in points]
        if len([v for v in volumes if v is not None]) < 2:
            return _("Choose the volumes of two or more studies.")
        if None in volumes:
            return _("Choose the volume of time point {n}, or take it out.").format(n=volumes.index(None) + 1)
        if len({volume.GetID() for volume in volumes}) < len(volumes):
            return _("Two time points are the same volume: choose another one.")
        try:
            for point in points:
                date_of(point.date)
        except InputError as error:
            return str(error)
        return ""

    def select(self, row: int) -> None:
        """Show a time point's details."""
        self.table.setCurrentCell(row, 0)

    def _change(self, **values: Any) -> None:
        points, row = self._get(), self.results.row
        if self._filling or not 0 <= row < len(points) or self._is_changing_scene():
            return
        changed = replace(points[row], **values)
        points[row] = changed
        self._keep(points, changed)

    def _keep(self, points: list[TimePointInput], selected: TimePointInput | None = None) -> None:
        self._set(points)
        self.changed()
        if selected is not None:  # in another place now, and without a date that is refused
            now = self._get()
            same = [n for n, p in enumerate(now) if p == selected or (p.volume and p.volume is selected.volume)]
            self.select(same[0] if same else len(now) - 1)

    def _on_volume(self, volume: Any) -> None:
        points, row = self._get(), self.results.row
        if self._filling or not 0 <= row < len(points):
            return
        if points[row].volume is volume:  # renamed, as a segmentation may be
            self.changed()
            return
        dated = time_point_of(volume).date if volume is not None else ""
        self._change(volume=volume, date=dated, images=tuple(i for i in points[row].images if i is not volume))

    def _on_segmentation(self, segmentation: Any) -> None:
        """The other time points take theirs that are like the first one that is chosen."""
        points, row = self._get(), self.results.row
        if self._filling or not 0 <= row < len(points):
            return
        if points[row].segmentation is segmentation:  # it was renamed, which a list of nodes tells as another choice
            self.changed()
            return
        self._change(segmentation=segmentation)
        points, row = self._get(), self.results.row
        if segmentation is None or not 0 <= row < len(points):
            return
        alike = with_alike_findings(points, segmentation)
        if alike != points:
            self._keep(alike, alike[row])

    def _on_add(self) -> None:
        points = self._get()
        *_known, new = with_time_points(points, [*points, next_time_point(points)])
        self._keep([*points, new], new)

    def _on_remove(self) -> None:
        points, row = self._get(), self.results.row
        if 0 <= row < len(points):
            del points[row]
            self._keep(points)

    def _on_patient(self, index: int) -> None:
        if not self._filling and 0 <= index - 1 < len(self._patients):
            self._keep(with_time_points(self._get(), self._patients[index - 1].time_points))

    def _is_changing_scene(self) -> bool:
        return bool(slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting())

    def _show_patients(self, points: list[TimePointInput]) -> None:
        self._patients = patients_with_studies()
        self.patient_box.clear()
        self.patient_box.addItem(_("Chosen below"))
        for patient in self._patients:
            name = elided(patient.name or _("in no patient"))
            self.patient_box.addItem(f"{name} ({len(patient.time_points)})")
        ids = {point.volume.GetID() for point in points if point.volume is not None}
        same = [n for n, p in enumerate(self._patients, 1) if {point.volume.GetID() for point in p.time_points} == ids]
        self.patient_box.currentIndex = same[0] if same else 0
        self._patient_row.visible = bool(self._patients)

    def _show_details(self) -> None:
        points, row = self._get(), self.results.row
        point = points[row] if 0 <= row < len(points) else None
        self._filling = True
        try:
            self._details.visible = point is not None
            if point is not None:
                # a study that is loaded meanwhile does not take away what is being typed
                if self.date_edit.text != point.date and self._typed_for != _id(point):
                    self.date_edit.text = point.date
                self.volume_box.setCurrentNode(point.volume)
                self.segmentation_box.setCurrentNode(point.segmentation)
                self.landmarks_box.setCurrentNode(point.landmarks)
                for node in (*self.images_box.checkedNodes(), *point.images):
                    (self.images_box.check if node in point.images else self.images_box.uncheck)(node)
        finally:
            self._filling = False
        self.remove_button.enabled = point is not None
        self.add_button.enabled = len(points) < MOST

    def _make_head(self, layout: Any) -> None:
        tip = _("Take all studies of a patient of the subject hierarchy as time points")
        self.patient_box = combo("patientBox", tip)
        self.patient_box.connect("currentIndexChanged(int)", self._on_patient)
        self._patient_row = titled(_("Patient:"), self.patient_box)
        layout.addWidget(self._patient_row)
        tip = _("The time points that are compared, the earliest first; click one to change it below")
        self.table = row_table("timePointsTable", tip)
        self.table.setFixedHeight(ROW_HEIGHT * (ROWS_SHOWN + 1))
        self.table.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        self.results = ResultsTable(self.table, lambda row: None if self._filling else self._show_details())
        self.add_button = tool_button(_("Add a time point"), None, self._on_add)
        self.add_button.text = "+"
        self.remove_button = tool_button(_("Take the selected time point out"), None, self._on_remove)
        self.remove_button.text = "−"
        beside = qt.QWidget()
        row = qt.QHBoxLayout(beside)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.table, 1)
        buttons = qt.QVBoxLayout()
        for button in (self.add_button, self.remove_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        row.addLayout(buttons)
        layout.addWidget(beside)

    def _make_details(self, layout: Any) -> None:
        self._details = qt.QWidget()
        form = qt.QFormLayout(self._details)
        form.setContentsMargins(0, 0, 0, 0)
        tip = _("Date of the study, year-month-day; proposed where the volume tells it")
        self.date_edit = line_edit("dateEdit", tip)
        self.date_edit.placeholderText = "YYYY-MM-DD"
        self.date_edit.connect("textEdited(QString)", self._on_typing)
        self.date_edit.connect("editingFinished()", self._on_date)
        self.volume_box = _node_box("volumeSelector", "vtkMRMLScalarVolumeNode", _("Select a volume"))
        self.volume_box.toolTip = _("The volume that is compared; it is not modified")
        connect_node(self.volume_box, self._on_volume)
        self.images_box = slicer.qMRMLCheckableNodeComboBox()
        self.images_box.objectName = "imagesSelector"
        self.images_box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        self.images_box.showChildNodeTypes = False
        self.images_box.setMRMLScene(slicer.mrmlScene)
        self.images_box.toolTip = _("Further images of the same visit, shown under the same registration")
        self.images_box.connect("checkedNodesChanged()", self._on_images)
        self.segmentation_box = _node_box("segmentationSelector", "vtkMRMLSegmentationNode", _("Segment automatically"))
        self.segmentation_box.toolTip = _(
            "A segmentation of the findings of this study; without one they are segmented automatically. With the "
            "first one that is chosen the other time points take theirs with the same segments"
        )
        connect_node(self.segmentation_box, self._on_segmentation)
        self.landmarks_box = _node_box("landmarksSelector", "vtkMRMLMarkupsFiducialNode", _("Align by the images"))
        self.landmarks_box.toolTip = _(
            "A point list of the same places in the same order, or with the same names, in this study and in the first "
            "one; the registration starts from them (three or more) and says how far off they end up"
        )
        connect_node(self.landmarks_box, lambda node: self._change(landmarks=node))
        for title, widget in (
            (_("Date:"), self.date_edit),
            (_("Image:"), self.volume_box),
            (_("More images:"), self.images_box),
            (_("Findings:"), self.segmentation_box),
            (_("Landmarks:"), self.landmarks_box),
        ):
            form.addRow(title, widget)
        layout.addWidget(self._details)

    def _on_typing(self, text: str) -> None:
        points, row = self._get(), self.results.row
        self._typed_for = _id(points[row]) if 0 <= row < len(points) else None

    def _on_date(self) -> None:
        self._typed_for = None
        self._change(date=self.date_edit.text.strip())

    def _on_images(self) -> None:
        points, row = self._get(), self.results.row
        if not self._filling and 0 <= row < len(points):
            checked = tuple(node for node in self.images_box.checkedNodes() if node is not points[row].volume)
            if checked != points[row].images:
                self._change(images=checked)


def date_of(text: str) -> datetime.date | None:
    """A date as typed; None for an empty text. Raises InputError."""
    if not text.strip():
        return None
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"'{text.strip()}' is not a date: write it as 2024-05-31, or leave it empty.") from None


def _key(points: list[TimePointInput]) -> list[tuple]:
    """Equal for the same time points; it keeps no node from being let go."""
    nodes = [(p.volume, p.segmentation, p.landmarks, *p.images) for p in points]
    return [(p.date, *(n and n.GetID() for n in all_)) for p, all_ in zip(points, nodes, strict=True)]


def _id(point: TimePointInput) -> str:
    return point.volume.GetID() if point.volume is not None else ""


def _name(node: Any) -> str:
    return node.GetName() if node is not None else ""


def _tip(point: TimePointInput) -> str:
    lines = [f"{point.date or _('no date')}: {_name(point.volume) or _('no volume')}"]
    if point.images:
        lines.append(_("Also: {names}").format(names=", ".join(image.GetName() for image in point.images)))
    if point.segmentation is not None:
        lines.append(_("Findings: {name}").format(name=point.segmentation.GetName()))
    if point.landmarks is not None:
        lines.append(_("Landmarks: {name}").format(name=point.landmarks.GetName()))
    return "\n".join(lines)


def _node_box(name: str, node_type: str, none: str) -> Any:
    box = slicer.qMRMLNodeComboBox()
    box.objectName = name
    box.nodeTypes = [node_type]
    box.showChildNodeTypes = False
    box.addEnabled = box.removeEnabled = box.renameEnabled = False
    box.noneEnabled = True
    box.noneDisplay = none
    box.setMRMLScene(slicer.mrmlScene)
    return box
