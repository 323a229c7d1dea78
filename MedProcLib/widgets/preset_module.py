"""What the panels of modules share whose steps are a preset's until the user changes them."""

from collections.abc import Callable, Sequence
from typing import Any

from ..core.preset import Preset
from ..core.recipe import Recipe
from .chain_editor import ChainEditor
from .inputs import propose_volume
from .module_widget import ModuleWidget
from .preset_choice import PresetBox
from .preset_proposal import PresetProposal
from .region_choice import SegmentBox


class PresetModuleWidget(ModuleWidget):
    """Base of the Widget classes of Enhancement and Segmentation.

    A module gives presets and preset_of, its logic operations() and propose(volume). Its .ui file has presetBox,
    presetReason, maskSelector and maskSegmentBox; its parameter node inputVolume, mask, maskSegment and chainByUser.
    """

    presets: Sequence[Preset] = ()
    preset_of: Callable[[Recipe], Preset | None]  # the preset that a recipe is; a staticmethod

    def makeChain(self) -> Any:
        return ChainEditor(self.logic.defaultRecipe(), self.logic.operations(), self.onChainEdited, self.say)

    def connectPanel(self) -> None:
        self.proposed = PresetProposal(self.logic.propose, self.preset_of, self.unlike)
        self.presetBox = PresetBox(self.ui.presetBox, self.ui.presetReason, self.onPreset, self.presets)
        self.maskSegments = SegmentBox(self.ui.maskSegmentBox, self.onMaskSegment, self.onLabelsListed)
        self.ui.maskSelector.connect("nodeActivated(vtkMRMLNode*)", lambda node: self.onMaskSegment(""))

    def proposeInputs(self) -> None:
        self.parameters.inputVolume = self.parameters.inputVolume or propose_volume()

    def closePanel(self) -> None:
        self.maskSegments.close()

    def onSceneStartClose(self, caller: Any = None, event: Any = None) -> None:
        self.proposed.forget()
        self.maskSegments.forget()
        super().onSceneStartClose(caller, event)

    def refresh(self) -> None:
        """Propose a preset for a volume that was not there before, and use it unless the user made the chain."""
        parameters = self.parameters
        preset = self.proposed.for_volume(
            parameters.inputVolume, self.recipe(), self.chain.default, parameters.chainByUser
        )
        if preset is not None:
            self.use(preset)
        shown = self.shownPreset()
        note = self.proposed.note(parameters.inputVolume, shown)
        self.presetBox.show(shown, self.proposed.proposal, note)
        self.maskSegments.show(parameters.mask, parameters.maskSegment)

    def shownPreset(self) -> Preset | None:
        """The preset that the steps are, None for steps of one's own."""
        return self.preset_of(self.recipe())

    def unlike(self, preset: Preset, volume: Any) -> str:
        """What the user should know of a preset that is for other images than this volume; '' for nothing."""
        return ""

    def say(self, message: str, isProblem: bool = False) -> None:
        """Show a line below the button."""
        self.run.say(message, isProblem)

    def inputVolume(self) -> Any:
        return self.parameters.inputVolume if self.parameters is not None else None

    def onChainEdited(self) -> None:
        super().onChainEdited()
        if self.parameters is not None:
            self.parameters.chainByUser = True

    def onPreset(self, preset: Preset | None) -> None:
        if self.parameters is None:
            return
        self.parameters.chainByUser = self.proposed.is_own_choice(preset)
        if preset is not None:
            self.use(preset)
        else:
            self.refresh()  # steps that are a preset's are shown as that

    def use(self, preset: Preset) -> None:
        """Show a preset's steps, which are not the user's own then."""
        self.chain.set_recipe(preset.recipe())
        super().onChainEdited()

    def onLabelsListed(self) -> None:
        if self.parameters is not None:
            self._on_parameters_changed()

    def onMaskSegment(self, segmentId: str) -> None:
        self.parameters.maskSegment = segmentId
