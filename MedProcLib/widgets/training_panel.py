"""The training of a classifier: a table, the column that says what each finding is, and how to learn."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import SlicerParameterNamePropertyName

from ..core.errors import InputError
from ..core.progress import Progress
from ..quantification.classification.findings import classes_in, column_of_patients, findings_of
from ..quantification.classification.methods import METHODS
from ..quantification.classification.proposed_label import proposed_label
from ..quantification.classification.scikit_learn import REQUIREMENT
from ..quantification.classification.settings import PARAMETERS, Training
from ..quantification.classification.sufficiency import MOST_CLASSES, require_sufficient
from ..quantification.classification.table import Table
from ..quantification.classification.told import trained_in_words
from ..quantification.classification.train import Trained, train
from ..scene.classifier_scene import add_classifier
from .fields import combo, line_edit
from .findings_choice import FindingsChoice
from .optional_package import require_package
from .parameter_editor import ParameterEditor
from .run_panel import RunPanel
from .task_runner import Commit, Compute
from .wrapped_label import wish_no_width

METHOD = "method"


class TrainingPanel:
    """widget: to put in a layout. Its choices are kept in the module's parameters, of the names trainingTable,
    classLabel, classPatient, classPositive, classFeatures and trainingSettings (JSON).

    get_parameters: those, also while the panel shows none; trained(node): called with the classifier's text node.
    Call changed() when they are others, clear() when the scene closes, close() when the module goes.
    """

    def __init__(self, get_parameters: Callable[[], Any], trained: Callable[[Any], None]) -> None:
        self._get_parameters, self._trained = get_parameters, trained
        self._filling = False
        self._offered: dict[str, tuple[str, ...]] = {}
        self._shown_settings: str | None = None
        self.widget = qt.QWidget()
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.table = FindingsChoice(
            "trainingTable",
            _("Findings to learn from, one in each row: figures, and a column that says what it is"),
            lambda prepare: self.run.start(prepare),
            lambda node: setattr(get_parameters(), "trainingTable", node),
        )
        self.label_box = combo("classLabel", _("The column that says what each finding is; empty cells are left out"))
        self.label_box.placeholderText = _("choose a column")
        self.patient_box = combo("classPatient", _("The column of patients: none is learned from and tried on at once"))
        self.positive_box = combo("classPositive", _("Of two classes the one that is looked for: figures are of it"))
        self.method_box = combo("trainingMethod", "", [m.title for m in METHODS.values()])
        for title, widget in (
            (_("Learn from:"), self.table.widget),
            (_("Label:"), self.label_box),
            (_("Patients:"), self.patient_box),
            (_("Looked for:"), self.positive_box),
            (_("Method:"), self.method_box),
        ):
            rows.addRow(title, widget)
            wish_no_width(widget)
        rows.addRow(self._details())
        tip = _("Learn, and tell by cross-validation what to expect; adds a classifier with tables and charts")
        self.run = RunPanel(_("Train"), tip, self.prepare, [self._group])
        rows.addRow(self.run.widget)
        self.label_box.connect("currentIndexChanged(int)", lambda index: self._keep_column("classLabel", index))
        self.patient_box.connect("currentIndexChanged(int)", lambda index: self._keep_column("classPatient", index))
        self.positive_box.connect("currentIndexChanged(int)", lambda index: self._keep_column("classPositive", index))
        self.method_box.connect("currentIndexChanged(int)", lambda index: self._keep_settings())
        self.changed()

    def changed(self) -> None:
        """Look again at what is chosen; offer its columns and classes, and say what is missing."""
        parameters = self._get_parameters()
        try:
            table = self.table.findings(parameters.trainingTable)
            missing = ""
        except InputError as error:
            table, missing = Table({}), str(error)
        self._filling = True
        try:
            self._show_settings(parameters.trainingSettings)
            method = METHODS[self.settings().method]
            self.method_box.toolTip = f"{method.title}\n{method.source}"
            self._show_columns(table, parameters)
        finally:
            self._filling = False
        if not missing and not self.label_box.currentText:
            missing = _("Choose the column that says what each finding is.")
        self.run.set_missing(missing)

    def clear(self) -> None:
        """The scene closes."""
        self.run.discard()
        self.run.say("")  # what was said was of this scene

    def close(self) -> None:
        """The module goes."""
        self.run.close()

    def settings(self) -> Training:
        """As they are shown."""
        values: dict[str, Any] = {name: editor.value for name, editor in self.editors.items()}
        return Training(list(METHODS)[self.method_box.currentIndex], **values)

    def prepare(self) -> tuple[Compute, Commit]:
        """Read the table (main thread); see RunPanel. Raises InputError."""
        parameters = self._get_parameters()
        table, name = self.table.findings(parameters.trainingTable), parameters.trainingTable.GetName()
        label, positive = self.label_box.currentText, self.positive_box.currentText
        patient = self.patient_box.currentText if self.patient_box.currentIndex > 0 else None
        wanted = [part.strip() for part in parameters.classFeatures.split(",") if part.strip()] or None
        settings, reader = self.settings(), parameters.reader

        def compute(progress: Progress) -> Trained:
            findings = findings_of(table, label, patient, wanted, positive or None)
            require_sufficient(findings, settings)  # before the user is asked to install anything
            progress.ask(lambda: require_package(REQUIREMENT, _("Training a classifier")))
            return train(findings, label, settings, None, reader, progress)

        def commit(found: Trained) -> str:
            node = add_classifier(found, name)
            self._trained(node)
            first = trained_in_words(found.report, len(found.model.features))[1]
            return _("'{name}': {figure}.").format(name=node.GetName(), figure=first.strip())

        return compute, commit

    def _details(self) -> Any:
        self._group = ctk.ctkCollapsibleButton()
        self._group.text = _("Training in detail")
        self._group.objectName = "trainingDetails"
        self._group.collapsed = True
        around = qt.QVBoxLayout(self._group)
        around.setContentsMargins(4, 0, 0, 0)
        details = qt.QWidget()
        around.addWidget(details)
        inside = qt.QFormLayout(details)
        inside.setContentsMargins(0, 0, 0, 0)
        self.features_edit = line_edit(
            "classFeatures", _("Columns to learn from, with commas between them, or patterns such as cm_*")
        )
        self.features_edit.placeholderText = _("all that hold numbers")
        self.features_edit.setProperty(SlicerParameterNamePropertyName, "classFeatures")
        inside.addRow(_("Features:"), self.features_edit)
        self.editors = {p.name: ParameterEditor(p, self._keep_settings) for p in PARAMETERS if p.name != METHOD}
        for editor in self.editors.values():
            inside.addRow(_(editor.parameter.title) + ":", editor.widget)
        return self._group

    def _show_settings(self, text: str) -> None:
        if text == self._shown_settings:
            return
        self._shown_settings = text
        try:
            settings = Training(**json.loads(text)) if text else Training()
        except (ValueError, TypeError, InputError):  # of a scene saved by another version
            settings = Training()
        self.method_box.currentIndex = list(METHODS).index(settings.method)
        for name, editor in self.editors.items():
            editor.set_value(getattr(settings, name))

    def _show_columns(self, table: Table, parameters: Any) -> None:
        names = list(table.columns)
        label = parameters.classLabel if parameters.classLabel in names else proposed_label(table)
        self._offer(self.label_box, names, label)
        by_name = column_of_patients(table, label) if label else None
        alone = _("none: each finding alone") if label else ""
        first = _("{name} (by its name)").format(name=by_name) if by_name else alone
        others = [name for name in names if name != label]
        patient, positive = parameters.classPatient, parameters.classPositive
        self._offer(self.patient_box, [first, *others], patient if patient in others else first)
        classes = classes_in(table.columns[label]) if label else []
        classes = classes if len(classes) <= MOST_CLASSES else []  # a column of figures, which is refused
        self.positive_box.enabled = len(classes) == 2  # of more, each is told against the rest
        self._offer(self.positive_box, classes, positive if positive in classes else (classes or [""])[-1])

    def _offer(self, box: Any, texts: Sequence[str], chosen: str) -> None:
        if self._offered.get(box.objectName) != tuple(texts):
            self._offered[box.objectName] = tuple(texts)
            box.clear()
            for text in texts:
                box.addItem(text)
        box.currentIndex = texts.index(chosen) if chosen in texts else -1

    def _keep_column(self, name: str, index: int) -> None:
        parameters = self._get_parameters()
        if self._filling or index < 0:
            return
        box = {"classLabel": self.label_box, "classPatient": self.patient_box, "classPositive": self.positive_box}[name]
        setattr(parameters, name, "" if box is self.patient_box and index == 0 else box.currentText)

    def _keep_settings(self) -> None:
        if not self._filling:
            self._shown_settings = json.dumps(self.settings().as_dict())
            self._get_parameters().trainingSettings = self._shown_settings
