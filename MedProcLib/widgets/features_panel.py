"""Radiomic features of the chosen segments, into a table of their own."""

from collections.abc import Callable
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from ..core.progress import Progress
from ..core.registry import create_operation
from ..quantification.radiomics.robustness import FEWEST, MOST
from ..quantification.radiomics.settings_file import PRESETS, preset_for, settings_in
from ..scene.features_scene import add_features, segment_features, segment_robustness
from ..scene.hierarchy import modality_of_volume
from ..scene.measurement_input import MeasurementSource
from .fields import allow
from .operation_panel import OperationPanel
from .task_runner import Commit, Compute

OPERATION = "quantification.radiomics"
MOST_NOTES = 3  # in the line below the button; all are the table's description


class FeaturesPanel:
    """widget: to put in a layout.

    prepare_input: looks at the chosen nodes: the volume node, what to measure, and the unit of its values;
    run(prepare): runs it with progress, see RunPanel.start. Call follow() when the volume may be another one, forget()
    when the scene closes.
    """

    def __init__(
        self,
        prepare_input: Callable[[], tuple[Any, MeasurementSource, str]],
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
    ) -> None:
        self._prepare_input, self._run = prepare_input, run
        self.table: Any = None
        self.widget = qt.QWidget()
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.preset_box = qt.QComboBox()
        self.preset_box.objectName = "featuresPreset"
        self.preset_box.toolTip = _("Settings to start from")
        self.preset_box.setMinimumContentsLength(12)
        self.preset_box.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self.preset_box.addItem(_("Defaults"))
        for number, preset in enumerate(PRESETS, 1):
            self.preset_box.addItem(preset.name.replace("_", " "))
            self.preset_box.setItemData(number, preset.about, qt.Qt.ToolTipRole)
        self.preset_box.connect("currentIndexChanged(int)", self._on_preset)
        rows.addRow(_("Settings:"), self.preset_box)
        self.panel = OperationPanel(create_operation(OPERATION).declaration)
        self.panel.show_row("intensity_unit", False)  # it is the volume's
        self._proposed = self.panel.operation()
        group = ctk.ctkCollapsibleButton()
        group.text = _("Settings in detail")
        group.objectName = "featuresSettings"
        inside = qt.QVBoxLayout(group)
        inside.setContentsMargins(4, 0, 0, 0)
        inside.addWidget(self.panel.widget)
        group.collapsed = True
        rows.addRow(group)
        self.perturbations_box = qt.QSpinBox()
        self.perturbations_box.objectName = "featuresPerturbations"
        self.perturbations_box.maximum = MOST
        self.perturbations_box.specialValueText = _("none")
        self.perturbations_box.toolTip = _(
            "Draw image and outline anew so often, as another scan and reader might: adds the interval in which each "
            "feature lies then, and of several segments the intraclass correlation (ICC). 30 are usual"
        )
        rows.addRow(_("Perturbations:"), self.perturbations_box)
        self.button = qt.QPushButton(_("Compute features"))
        self.button.objectName = "featuresButton"
        self.button.connect("clicked()", self.compute)
        rows.addRow(self.button)
        self.set_missing("")

    def set_missing(self, missing: str) -> None:
        """What has to be chosen before features can be computed; empty when they can."""
        allow(self.button, _("Features by the standard (IBSI) of the chosen segments, in a new table"), missing)

    def follow(self, volume: Any) -> None:
        """Start from the settings for the modality, as the command line does, unless the reader changed them."""
        if volume is None or self.panel.operation() != self._proposed:
            return
        preset = preset_for(modality_of_volume(volume))
        self.preset_box.setCurrentIndex(0 if preset is None else 1 + PRESETS.index(preset))
        self._proposed = self.panel.operation()

    def forget(self) -> None:
        """The scene closes: what was set goes with it, as all other settings do."""
        self.table = None
        self.preset_box.setCurrentIndex(0)
        self._on_preset(0)
        self._proposed = self.panel.operation()
        self.perturbations_box.value = 0

    def compute(self) -> None:
        """Compute the features of the chosen segments."""
        self._run(self.prepare)

    def prepare(self) -> tuple[Compute, Commit]:
        """Read the nodes (main thread); see RunPanel. Raises InputError."""
        volume, source, unit = self._prepare_input()
        chosen, name = self.panel.operation(), f"'{volume.GetName()}'"
        settings, note = settings_in(chosen, unit, name, modality_of_volume(volume))
        perturbations = max(FEWEST, self.perturbations_box.value) if self.perturbations_box.value else 0

        def compute(progress: Progress) -> Any:
            if note:
                progress.note(note)
            given = source.read(progress)
            found = segment_features(given, settings, progress.part(0.05, 0.1 if perturbations else 1))
            if not perturbations:
                return given, found, None
            return given, found, segment_robustness(given, settings, perturbations, progress.part(0.1, 1))

        def commit(made: Any) -> str:
            given, found, robustness = made
            self.table = add_features(found, given, volume, settings, robustness)
            count = len(found[0].features)
            text = _("{count} features in '{name}'.").format(count=count, name=self.table.GetName())
            return " ".join([text, *self.table.GetDescription().splitlines()[:MOST_NOTES]])

        return compute, commit

    def _on_preset(self, index: int) -> None:
        settings: Any = PRESETS[index - 1].settings() if index > 0 else self.panel.declaration.create()
        self.panel.set_parameters(settings.parameters)
