"""Modules and their manager: `slicer.modules.volumes.logic()`, `slicer.app.moduleManager().module(name)`."""

import sys

import slicer

from host.pythonqt.signals import emit
from host.standins import behavior


@behavior("qSlicerAbstractCoreModule")
class CoreModule:
    """Title, categories and the rest of a module's description; its logic."""

    def _setup(self):
        self._logic = None

    def logic(self):
        return self._logic


@behavior("qSlicerAbstractModule")
class Module:
    """A module with a panel; the panel is made by host.show_module()."""

    def widgetRepresentation(self):
        return self.__dict__.get("_widget")


@behavior("qSlicerScriptedLoadableModule")
class ScriptedModule:
    """The `parent` that a scripted module's class receives; keeps its Python module and panel."""

    def _setup(self):
        self._widget = None
        self._python_module = None


@behavior("qSlicerAbstractModuleWidget")
class ModuleWidget:
    """The panel; entered while it is shown."""

    def module(self):
        return self.__dict__.get("_module")


@behavior("qSlicerScriptedLoadableModuleWidget")
class ScriptedModuleWidget:
    """The panel of a scripted module; `self()` is the author's widget class."""

    def _setup(self):
        self._python_widget = None

    def self(self):
        return self._python_widget

    def reload(self):
        """Make the panel anew from the author's file as it was loaded last, within the same parent."""
        name = self.moduleName
        make_panel(self, sys.modules[name])
        self._python_widget.setup()


@behavior("qSlicerModuleManager")
class ModuleManager:
    """Modules by name."""

    def _setup(self):
        self._modules = {}

    def module(self, name):
        return self._modules.get(name)

    def modulesNames(self):
        return list(self._modules)

    def _add(self, name, module):
        self._modules[name] = module
        emit(self, "moduleLoaded(QString)", name)


def make_panel(parent, python_module) -> None:
    """Instantiate the author's widget class within its parent, without setting it up."""
    parent.module()._python_module = python_module
    parent._python_widget = getattr(python_module, f"{parent.moduleName}Widget")(parent)
    setattr(slicer.modules, f"{parent.moduleName}Widget", parent._python_widget)
