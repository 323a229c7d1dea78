"""What the panels of MedProc's modules share: the .ui file, the parameter node, the steps and the run button."""

from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import SlicerParameterNamePropertyName
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from ..core.errors import InputError
from ..core.recipe import Recipe
from .chain_panel import ChainPanel
from .inputs import propose_reader, remember_reader, typed_reader
from .name_tips import show_names_in_tips
from .run_panel import RunPanel
from .tab_order import order_tabs
from .task_runner import Commit, Compute, Outcome
from .wrapped_label import wish_no_width

NARROWEST_BOX = 100  # pixels


class ModuleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Base of the modules' Widget classes. The parameter node keeps all that the panel shows.

    A module gives run_text, run_tip and makeLogic, missing, prepare; it may give connectPanel, closePanel,
    proposeInputs, refresh.
    Its .ui file has a stepsFrame, a runFrame, and the sections named in locked_sections. Its parameter node has a
    text parameter `recipe` (JSON), and its logic a defaultRecipe().
    """

    run_text = "Apply"
    run_tip = ""
    locked_sections: tuple[str, ...] = ("inputsButton", "stepsButton", "outputsButton")

    def __init__(self, parent: Any = None) -> None:
        VTKObservationMixin.__init__(self)  # first: without a parent the next line calls setup()
        self.logic: Any = None
        self.parameters: Any = None
        self._gui_tag: Any = None
        self._shown_recipe = ""
        self._is_late = False  # a scene was loaded in a batch that goes on
        self._is_shown_again = False  # parameters were shown when a scene began to be loaded
        self._is_new = True  # the scene is another one since parameters were shown
        self._is_connected = False  # the panel is made: setup was not broken off
        ScriptedLoadableModuleWidget.__init__(self, parent)

    def makeLogic(self) -> Any:
        """The module's logic."""
        raise NotImplementedError

    def makeChain(self) -> Any:
        """The widget of the steps: a ChainPanel, or something else that has its recipe, set_recipe and widget."""
        return ChainPanel(self.logic.defaultRecipe(), self.onChainEdited)

    def connectPanel(self) -> None:
        """Connect the widgets of the .ui file that are not bound to a parameter."""

    def closePanel(self) -> None:
        """The module goes: stop what connectPanel made and what it began."""

    def proposeInputs(self) -> None:
        """Fill inputs that are not chosen yet from what the scene has."""

    def refresh(self) -> None:
        """Update what depends on the parameters."""

    def missing(self) -> str:
        """What the user has to choose before it can run; empty when it can."""
        raise NotImplementedError

    def prepare(self) -> tuple[Compute, Commit]:
        """Read the chosen nodes; see RunPanel."""
        raise NotImplementedError

    def runEnded(self, outcome: Outcome) -> None:
        """A run ended, in whatever way; its line is shown already."""

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        self.panel = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(self.panel)
        self.ui = slicer.util.childWidgetVariables(self.panel)
        self.panel.setMRMLScene(slicer.mrmlScene)
        for name, widget in self._bound_widgets().items():
            if widget.inherits("qMRMLNodeComboBox"):
                widget.connect("nodeActivated(vtkMRMLNode*)", lambda node, name=name: self._on_node(name, node))
            if name == "reader":
                widget.connect("textEdited(QString)", remember_reader)
        self.logic = self.makeLogic()
        self.chain = self.makeChain()
        self.ui.stepsFrame.layout().addWidget(self.chain.widget)
        locked = [getattr(self.ui, name) for name in self.locked_sections]
        self.run = RunPanel(self.run_text, self.run_tip, self.prepare, locked, self.runEnded)
        self.ui.runFrame.layout().addWidget(self.run.widget)
        self.connectPanel()
        self._is_connected = True
        show_names_in_tips(slicer.util.findChildren(self.panel, className="qMRMLNodeComboBox"))
        for box in slicer.util.findChildren(self.panel, className="qMRML*NodeComboBox"):
            box.setMinimumWidth(NARROWEST_BOX)  # it wishes to be as wide as the longest name of a node
            wish_no_width(box)
        order_tabs(self.panel)
        self.layout.addStretch(1)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneReady)
        self.addObserver(scene, scene.StartImportEvent, self._on_import_started)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneReady)
        self.addObserver(scene, scene.EndBatchProcessEvent, self._on_batch_ended)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """The module goes: forget a running task and all observers."""
        if self._is_connected:
            self.closePanel()
            self.run.close()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        self.initializeParameterNode()

    def exit(self) -> None:
        self.setParameterNode(None)

    def onSceneStartClose(self, caller: Any = None, event: Any = None) -> None:
        self.run.discard()
        self.run.say("")  # what was said was of this scene
        self.setParameterNode(None)

    def _on_import_started(self, caller: Any = None, event: Any = None) -> None:
        """As if the reader went elsewhere: once a scene was loaded into this one, lists of nodes are filled anew, and
        tell that nothing is chosen, which nobody did."""
        if self.parameters is not None:
            self._is_shown_again = True
            self.exit()
        self.setParameterNode(None)

    def onSceneReady(self, caller: Any = None, event: Any = None) -> None:
        # within a batch the subject hierarchy is not put together yet: who asked it then would find no patient
        self._is_late = bool(slicer.mrmlScene.IsBatchProcessing())
        self._is_new = True
        if (self.parent.isEntered or self._is_shown_again) and not self._is_late:
            self._is_shown_again = False
            self.initializeParameterNode()

    def _on_batch_ended(self, caller: Any = None, event: Any = None) -> None:
        if self._is_late:
            self.onSceneReady()

    def initializeParameterNode(self) -> None:
        """Show the module's parameter node, with inputs proposed where none is chosen."""
        parameters = self.logic.getParameterNode()
        self._reset_unknown_choices(parameters)
        self.setParameterNode(parameters)
        self._propose_reader()
        self.proposeInputs()

    def _propose_reader(self) -> None:
        """The user of this Slicer is the reader, also of a scene that somebody else has saved, until another name is
        typed in one of the modules."""
        if hasattr(self.parameters, "reader"):
            in_settings = propose_reader() if self._is_new or not self.parameters.reader else ""
            self.parameters.reader = typed_reader() or in_settings or self.parameters.reader
        self._is_new = False

    def _reset_unknown_choices(self, parameters: Any) -> None:
        """A choice of a scene saved by another version that this one has not cannot be shown: it is the usual one."""
        for name, widget in self._bound_widgets().items():
            if widget.inherits("QComboBox"):
                try:
                    setattr(parameters, name, getattr(parameters, name))
                except ValueError:
                    setattr(parameters, name, parameters.default(name).value)

    def setParameterNode(self, parameters: Any) -> None:
        """Show another parameter node, or none."""
        if self.parameters is not None:
            self.parameters.disconnectGui(self._gui_tag)
            self.removeObserver(
                self.parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._on_parameters_changed
            )
        self.parameters = parameters
        if parameters is not None:
            self._gui_tag = parameters.connectParametersToGui(self._bound_widgets())
            # of the node: who observes is remembered with what was observed, and each wrapper has observers of its own
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._on_parameters_changed)
            self._on_parameters_changed()

    def _bound_widgets(self) -> dict[str, Any]:
        """Widgets by the parameter they show. connectGui() finds them too, but some versions of Slicer give no tag to
        disconnect them by, and a panel that was left would go on writing (Slicer issue 7547)."""
        named = (
            (child.property(SlicerParameterNamePropertyName), child) for child in self.panel.findChildren(qt.QWidget)
        )
        return {name: child for name, child in named if name}

    def _on_node(self, name: str, node: Any) -> None:
        """The user chose a node; connectParametersToGui misses one of the name of that before, see connect_node."""
        if self.parameters is not None and getattr(self.parameters, name) is not node:
            setattr(self.parameters, name, node)

    def recipe(self) -> Recipe:
        """The steps as the panel shows them."""
        return self.chain.recipe()

    def _on_parameters_changed(self, caller: Any = None, event: Any = None) -> None:
        if slicer.mrmlScene.IsImporting():  # half of it is there; onSceneReady comes at the end
            return
        self._show_recipe(self.parameters.recipe)
        self.refresh()
        self.run.set_missing(self.missing())

    def onChainEdited(self) -> None:
        """The user changed the steps: keep them in the parameter node."""
        if self.parameters is not None:
            self._shown_recipe = self.chain.recipe().to_json()
            self.parameters.recipe = self._shown_recipe

    def _show_recipe(self, text: str) -> None:
        if text == self._shown_recipe and text:
            return
        self._shown_recipe = text
        try:
            self.chain.set_recipe(Recipe.from_json(text) if text else self.chain.default)
        except InputError as error:  # of a scene saved by another version
            self.chain.set_recipe(self.chain.default)
            self.run.say(_("The saved steps cannot be used, defaults are shown: {error}").format(error=error), True)
