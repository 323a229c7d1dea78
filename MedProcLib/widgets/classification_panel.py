"""Classification of findings: train a classifier, see what it is worth, and have it propose what others are."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.atomic import write_text
from ..core.errors import InputError
from ..quantification.classification.model_json import read_model
from ..scene.classifier_scene import (
    CALIBRATION,
    FIGURES,
    IMPORTANCE,
    MARK,
    ROC,
    add_model,
    model_in_node,
    part_of_classifier,
)
from ..scene.plots import show_chart
from ..scene.tables import show_table
from .fields import allow, beside, node_box, push_button, text_label
from .file_choice import ask_where_to_write
from .proposals_panel import ProposalsPanel
from .task_runner import Commit, Compute
from .training_panel import TrainingPanel
from .wrapped_label import show_wrapped, wish_no_width

FILES = "Classifier (*.json)"
SAVE_TIP = _("Write the classifier to a file, as the command line does; it is saved with the scene too")


class ClassificationPanel:
    """widget: to put in a layout.

    get_parameters: the module's, also while the panel shows none; see TrainingPanel and ProposalsPanel for those it
    keeps there. Call changed() when they are others, clear() when the scene closes, close() when the module goes.
    """

    def __init__(self, get_parameters: Callable[[], Any]) -> None:
        self._get_parameters = get_parameters
        self.training = TrainingPanel(get_parameters, self._choose)
        self.proposals = ProposalsPanel(get_parameters)
        self.box = node_box("classifier", "vtkMRMLTextNode", _("The classifier to look at and to use"), MARK)
        self.load_button = push_button("loadClassifier", _("Load..."), _("Read a classifier's file"), self._on_load)
        self.save_button = push_button("saveClassifier", _("Save..."), SAVE_TIP, self._on_save)
        self.part_buttons = {
            role: push_button(name, title, tip, partial(self.show_part, role))
            for role, name, title, tip in (
                (FIGURES, "classifierFigures", _("Figures"), _("AUC, calibration and the test against chance")),
                (IMPORTANCE, "classifierImportance", _("Features"), _("Which features it rests on")),
                (ROC, "classifierRoc", _("ROC curve"), _("Sensitivity against 1 - specificity")),
                (CALIBRATION, "classifierCalibration", _("Calibration"), _("Whether probabilities come true")),
            )
        }
        self.summary_label = text_label()
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.training.widget)
        chosen = qt.QFormLayout()
        wish_no_width(self.box)
        chosen.addRow(_("Classifier:"), self.box)
        layout.addLayout(chosen)
        layout.addWidget(beside(self.load_button, self.save_button))
        layout.addWidget(self.summary_label)
        self._parts = qt.QWidget()
        grid = qt.QGridLayout(self._parts)
        grid.setContentsMargins(0, 0, 0, 0)
        for number, button in enumerate(self.part_buttons.values()):
            grid.addWidget(button, number // 2, number % 2)
        layout.addWidget(self._parts)
        layout.addWidget(self.proposals.widget)

    def changed(self) -> None:
        """Look again at what is chosen."""
        self.training.changed()
        self.proposals.changed()
        node = self._node()
        allow(self.save_button, SAVE_TIP, _("Train a classifier, or load one.") if node is None else "")
        show_wrapped(self.summary_label, (node.GetDescription() or "") if node is not None else "")
        parts = {role: part_of_classifier(node, role) for role in self.part_buttons}
        for role, button in self.part_buttons.items():
            button.enabled = parts[role] is not None
        self._parts.visible = any(parts.values())

    def clear(self) -> None:
        """The scene closes."""
        self.training.clear()
        self.proposals.clear()

    def close(self) -> None:
        """The module goes."""
        self.training.close()
        self.proposals.close()

    def show_part(self, role: str) -> None:
        """Show a table or chart of the chosen classifier in a view."""
        part = part_of_classifier(self._node(), role)
        if part is not None:
            (show_table if part.IsA("vtkMRMLTableNode") else show_chart)(part)

    def load(self, path: str | Path) -> None:
        """Read a classifier's file into the scene."""

        def commit(model: Any) -> str:
            self._choose(add_model(model, Path(path).stem))
            return _("Read: {path}").format(path=path)

        def prepare() -> tuple[Compute, Commit]:
            return lambda progress: read_model(path), commit

        self.proposals.run.start(prepare)

    def save(self, path: str | Path) -> None:
        """Write the chosen classifier to a .json file, whole or not at all."""
        node, say = self._node(), self.proposals.run.say
        try:
            model_in_node(node)  # the text of a scene may be spoiled
            write_text(node.GetText(), path)
        except InputError as error:
            say(str(error), True)
        else:
            say(_("Written: {path}").format(path=path))

    def _node(self) -> Any:
        return self._get_parameters().classifier

    def _choose(self, node: Any) -> None:
        self._get_parameters().classifier = node

    def _on_load(self) -> None:
        path = qt.QFileDialog.getOpenFileName(self.widget, _("Load a classifier"), "", FILES)
        if path:
            self.load(path)

    def _on_save(self) -> None:
        path = ask_where_to_write(self.widget, _("Save the classifier"), f"{self._node().GetName()}.json", FILES)
        if path:
            self.save(path)
