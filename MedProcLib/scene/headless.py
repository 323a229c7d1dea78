"""A MRML scene with Slicer's own logics in any Python, for the command line and the tests.

The scene, nodes, storage and module logics are Slicer's C++ (the `slicer-core` package of PyPI). The order of the
bring-up is Slicer's own: scene, application logic, colors, view logics, displayable managers, module logics.
"""

import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from MedProcLib.core.errors import InputError

LOGIC_CLASSES = {
    "Annotations": "vtkSlicerAnnotationModuleLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Colors": "vtkSlicerColorLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "Data": "vtkSlicerDataModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Reformat": "vtkSlicerReformatLogic",
    "SceneViews": "vtkSlicerSceneViewsModuleLogic",
    "SegmentEditor": "vtkSlicerSegmentEditorLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Units": "vtkSlicerUnitsLogic",
    "ViewControllers": "vtkSlicerViewControllersLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "Volumes": "vtkSlicerVolumesLogic",
}
LABEL_COLOR_NODES = ("FileGenericColors.txt", "FileGenericAnatomyColors.txt")


@dataclass(frozen=True)
class HeadlessSlicer:
    """The parts of Slicer that exist without its window."""

    scene: Any
    application_logic: Any
    logics: dict[str, Any]  # Slicer module name -> module logic


_running: HeadlessSlicer | None = None  # one per process: slicer.mrmlScene is global as well
_keeper: Any = None  # SubjectHierarchyKeeper; its observers live as long as the scene


def start_headless_scene(share_directory: str | Path | None = None) -> HeadlessSlicer:
    """Bring up the scene and the logics once per process; later calls return the same ones.

    Sets `slicer.mrmlScene` and `slicer.modules.<name>.logic()`, so `slicer.util` works on volumes, segments, tables,
    transforms and markups. Inside Slicer nothing is brought up: the application's own scene and logics come back.

    share_directory: a Slicer `share` folder (terminologies, color tables), where one is at hand.
    Raises InputError where Slicer's core is not installed.
    """
    global _keeper, _running
    slicer = import_slicer()
    if is_application(slicer):
        return _from_application(slicer)
    if _running is None:
        _send_vtk_messages_to_stderr()
        scene, application_logic = _make_scene(slicer)
        logics = _make_logics(slicer, scene, application_logic, share_directory)
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
        _add_label_color_nodes(scene)
        slicer.mrmlScene = scene
        slicer.modules = _as_modules(logics)
        from MedProcLib.scene.headless_hierarchy import SubjectHierarchyKeeper  # needs slicer at import

        _keeper = SubjectHierarchyKeeper(scene)
        _running = HeadlessSlicer(scene, application_logic, logics)
    return _running


def import_slicer():
    """The `slicer` package with `slicer.util`; raises InputError where it is not installed."""
    try:
        import slicer
        import slicer.util
    except ImportError as error:
        raise InputError(
            f"Slicer's core is missing ({error}): install it with `pip install slicer-core`, or run inside 3D Slicer."
        ) from error
    return slicer


def is_application(slicer) -> bool:
    """True inside the Slicer application, where scene and logics are there already."""
    return getattr(slicer, "app", None) is not None


def _from_application(slicer) -> HeadlessSlicer:
    application_logic = slicer.app.applicationLogic()
    logics = {}
    for name in LOGIC_CLASSES:
        module = getattr(slicer.modules, name.lower(), None)
        if module is not None:
            logics[name] = module.logic()
    return HeadlessSlicer(slicer.mrmlScene, application_logic, logics)


def _send_vtk_messages_to_stderr() -> None:
    from vtkmodules.vtkCommonCore import vtkOutputWindow

    window = vtkOutputWindow()
    window.SetDisplayModeToAlwaysStdErr()
    vtkOutputWindow.SetInstance(window)


def _make_scene(slicer):
    from vtkmodules.vtkCommonCore import vtkCollection

    scene = slicer.vtkMRMLScene()
    application_logic = slicer.vtkSlicerApplicationLogic()
    application_logic.SetMRMLScene(scene)
    application_logic.GetColorLogic().SetMRMLScene(scene)
    application_logic.GetColorLogic().AddDefaultColorNodes()
    application_logic.SetSliceLogics(vtkCollection())
    application_logic.SetViewLogics(vtkCollection())
    for factory in (
        slicer.vtkMRMLThreeDViewDisplayableManagerFactory,
        slicer.vtkMRMLSliceViewDisplayableManagerFactory,
    ):
        factory.GetInstance().SetMRMLApplicationLogic(application_logic)
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    return scene, application_logic


def _make_logics(slicer, scene, application_logic, share_directory) -> dict[str, Any]:
    from vtkmodules.vtkCommonCore import vtkObject

    logics = {}
    warned = vtkObject.GetGlobalWarningDisplay()
    vtkObject.GlobalWarningDisplayOff()  # logics complain about share folders that only the application has
    try:
        for name, class_name in LOGIC_CLASSES.items():
            logic = getattr(slicer, class_name)()
            if share_directory and hasattr(logic, "SetModuleShareDirectory"):
                logic.SetModuleShareDirectory(str(share_directory))
            logic.SetMRMLApplicationLogic(application_logic)
            logic.SetMRMLScene(scene)
            application_logic.SetModuleLogic(name, logic)
            logics[name] = logic
    finally:
        vtkObject.SetGlobalWarningDisplay(warned)
    return logics


def _add_label_color_nodes(scene) -> None:
    """Slicer reads these tables from its share folder; label maps refer to them by name, so they must exist."""
    for tag in LABEL_COLOR_NODES:
        node = scene.CreateNodeByClass("vtkMRMLColorTableNode")
        node.UnRegister(None)  # CreateNodeByClass hands over a reference
        node.SetTypeToRandom()
        node.SetSingletonTag(tag)
        node.SetName(f"vtkMRMLColorTableNode{tag}")
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        scene.AddNode(node)


def _as_modules(logics: dict[str, Any]) -> types.ModuleType:
    """`slicer.modules.volumes.logic()` and so on, which functions of slicer.util ask for."""
    modules = types.ModuleType("slicer.modules")
    for name, logic in logics.items():
        setattr(modules, name.lower(), _HeadlessModule(name, logic))
    return modules


class _HeadlessModule:
    def __init__(self, name: str, logic) -> None:
        self.name = name
        self._logic = logic

    def logic(self):
        return self._logic
