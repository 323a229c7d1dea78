"""SUV of a PET volume from its DICOM headers: the normalization, and figures that the headers lack."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ..quantification.suv.normalization import NORMALIZATIONS
from ..quantification.suv.settings import LIMITS, SuvSettings
from ..quantification.suv.suv_image import SuvImage, suv_image
from ..scene.dicom_files import INSTANCES, dicom_files_of
from ..scene.hierarchy import modality_of_volume, patient_and_study
from ..scene.provenance import is_result
from ..scene.suv_scene import NEEDED, add_suv_volume
from ..scene.value_unit import unit_of_values
from .task_runner import Commit, Compute

FIGURES = {"weight_kg": _("Weight:"), "height_cm": _("Height:"), "dose_mbq": _("Injected activity:")}


class SuvPanel:
    """widget: to put in a layout; shown for PET volumes that are not in SUV yet.

    get_volume: the PET volume, or None; made(volume): called with the new volume; run(prepare): runs it with progress,
    see RunPanel.start. Call changed() when the volume may be another one, forget() when the scene closes.
    """

    def __init__(
        self,
        get_volume: Callable[[], Any],
        made: Callable[[Any], None],
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
    ) -> None:
        self._get_volume, self._made, self._run = get_volume, made, run
        self._study: Any = None  # that figures were typed for
        self.widget = qt.QWidget()
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.normalization_box = qt.QComboBox()
        self.normalization_box.objectName = "suvNormalization"
        self.normalization_box.toolTip = _("What the uptake is divided by")
        for normalization in NORMALIZATIONS.values():
            self.normalization_box.addItem(normalization.code.meaning)
        rows.addRow(_("SUV by:"), self.normalization_box)
        self.figures = {name: _number(name) for name in FIGURES}
        for name, title in FIGURES.items():
            rows.addRow(title, self.figures[name])
        self.button = qt.QPushButton(_("SUV from DICOM"))
        self.button.objectName = "suvButton"
        self.button.toolTip = _("Add a volume in SUV, from the headers of the series; this one is not modified")
        self.button.connect("clicked()", self.compute)
        rows.addRow(self.button)
        self.changed()

    def changed(self) -> None:
        """Show it for PET that is not in SUV yet. Figures are of one study: nobody else has that weight and dose."""
        volume = self._get_volume()
        study = self._study if volume is None else patient_and_study(volume)[1] or volume.GetID()
        if study != self._study:
            self.forget()
            self._study = study
        is_pet = volume is not None and modality_of_volume(volume) == "PT" and not is_result(volume)
        self.widget.visible = is_pet and unit_of_values(volume) != "SUV"

    def forget(self) -> None:
        """Take what the headers say."""
        self._study = None
        for box in self.figures.values():
            box.value = 0.0

    def compute(self) -> None:
        """Add the volume in SUV."""
        self._run(self.prepare)

    def settings(self) -> SuvSettings:
        """As they are typed in; 0 leaves what the headers say."""
        given: dict[str, Any] = {name: float(box.value) or None for name, box in self.figures.items()}
        return SuvSettings(list(NORMALIZATIONS)[self.normalization_box.currentIndex], **given)

    def prepare(self) -> tuple[Compute, Commit]:
        """Read the node (main thread); see RunPanel. Raises InputError."""
        volume, settings = self._get_volume(), self.settings()
        files = dicom_files_of(volume, NEEDED)

        def commit(result: SuvImage) -> str:
            node = add_suv_volume(result, volume.GetName(), settings, like=volume)
            # what is measured in it can be reported of the series it came from
            node.SetAttribute(INSTANCES, volume.GetAttribute(INSTANCES))
            self._made(node)
            warnings = "; ".join(result.factors.warnings)
            text = _("'{name}' is in SUV and will be measured.").format(name=node.GetName())
            return f"{text} {warnings}".rstrip()

        return lambda progress: suv_image(files, settings=settings, progress=progress), commit


def _number(name: str) -> Any:
    _low, high, unit = LIMITS[name]
    box = qt.QDoubleSpinBox()
    box.objectName = name
    box.minimum, box.maximum, box.decimals = 0.0, high, 2
    box.suffix = f" {unit}"
    box.specialValueText = _("as in DICOM")
    box.toolTip = _("Stands in for what the headers state; it is noted in the result's provenance")
    return box
