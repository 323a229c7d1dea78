"""Slicer's Python modules, written anew by what they do: register() makes them importable."""

import sys
import types

import slicer

from host.slicer_python import cli, i18n, packaging, parameter_node, scripted_loadable_module, sitk_utils


def register() -> None:
    """Put the modules into sys.modules, and those of the package `slicer` on it."""
    for name, module in _modules().items():
        sys.modules[name] = module
        if name.startswith("slicer."):
            setattr(slicer, name.split(".")[1], module)


def _modules() -> dict[str, types.ModuleType]:
    return {
        "sitkUtils": _public("sitkUtils", sitk_utils),
        "slicer.ScriptedLoadableModule": _public("slicer.ScriptedLoadableModule", scripted_loadable_module),
        "slicer.cli": _public("slicer.cli", cli),
        "slicer.i18n": _public("slicer.i18n", i18n),
        "slicer.packaging": _public("slicer.packaging", packaging),
        "slicer.parameterNodeWrapper": _public("slicer.parameterNodeWrapper", parameter_node),
        "vtkAddon": _with_prefix("vtkAddon", "vtkAddon"),
        "vtkITK": _with_prefix("vtkITK", "vtkITK"),
        "vtkSegmentationCore": _with_prefix(
            "vtkSegmentationCore", "vtkSeg", "vtkOriented", "vtkBinaryLabelmap", "vtkClosedSurface"
        ),
    }


def _public(name: str, source: types.ModuleType) -> types.ModuleType:
    """A module that shows only what the source lists in __all__."""
    module = types.ModuleType(name, source.__doc__)
    for public in source.__all__:
        setattr(module, public, getattr(source, public))
    module.__all__ = list(source.__all__)
    return module


def _with_prefix(name: str, *prefixes: str) -> types.ModuleType:
    """A VTK module of Slicer whose classes slicer-core keeps in `slicer`."""
    module = types.ModuleType(name)
    for class_name in dir(slicer):
        if class_name.startswith(prefixes):
            setattr(module, class_name, getattr(slicer, class_name))
    return module
