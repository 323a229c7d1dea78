"""Input nodes of a module: what to propose, and whether they are still there when the result comes."""

from typing import Any

import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.findings import accepted_of, findings_lists
from ..scene.segmentations import drawn_on

SCALAR_VOLUME = "vtkMRMLScalarVolumeNode"
_typed: dict[str, str] = {}


def propose_volume(segmentation: Any = None) -> Any:
    """The volume a segmentation was made on, otherwise the one the views show, otherwise the scene's first, or None."""
    own = own_volume(segmentation)
    selection = slicer.app.applicationLogic().GetSelectionNode()
    active = slicer.mrmlScene.GetNodeByID(selection.GetActiveVolumeID() or "") if selection is not None else None
    chosen = [node for node in (own, active) if node is not None and node.GetClassName() == SCALAR_VOLUME]
    return next(iter(chosen + scalar_volumes()), None)


def own_volume(segmentation: Any) -> Any:
    """The scalar volume that a segmentation was drawn on, or None; segmentation: or None."""
    volume = drawn_on(segmentation) if segmentation is not None else None
    return volume if volume is not None and volume.GetClassName() == SCALAR_VOLUME else None


def propose_reader() -> str:
    """Name of the user as in Slicer's settings (Application Settings, User information); '' where none is given."""
    return (slicer.app.applicationLogic().GetUserInformation().GetName() or "").strip()


def typed_reader() -> str:
    """The name that was typed last in any of the modules since Slicer started; '' before."""
    return _typed.get("reader", "")


def remember_reader(name: str) -> None:
    """The user typed who reads, which holds for the other modules and the next patient too."""
    _typed["reader"] = name.strip()


def propose_segmentation() -> Any:
    """The findings that a reader accepted last, otherwise the scene's first segmentation, or None."""
    accepted = [node for node in map(accepted_of, findings_lists()) if node is not None]
    filled = [node for node in accepted if node.GetSegmentation().GetNumberOfSegments()]
    return filled[-1] if filled else slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")


def scalar_volumes() -> list[Any]:
    """The scene's scalar volumes: no label maps, vector volumes and other kinds derived from them."""
    return [node for node in slicer.util.getNodesByClass(SCALAR_VOLUME) if node.GetClassName() == SCALAR_VOLUME]


def with_way_for_color(text: str) -> str:
    """What to say where no volume is chosen: a color picture, which the panels do not list, has to become gray."""
    if not slicer.util.getNodesByClass("vtkMRMLVectorVolumeNode"):
        return text
    return text + " " + _("A color picture becomes one in the module Vector to Scalar Volume.")


def require_present(*nodes: Any) -> None:
    """Raise InputError for a node that was removed from the scene while the result was computed."""
    for node in nodes:
        if node is not None and not slicer.mrmlScene.IsNodePresent(node):
            raise InputError(f"'{node.GetName()}' was removed during the run, so nothing was added. Run it again.")
