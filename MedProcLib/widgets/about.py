"""What every MedProc module says of itself in the module list and in its help."""

from typing import Any

from slicer.i18n import tr as _

CATEGORY = "MedProc"


def describe_module(parent: Any, title: str, summary: str) -> None:
    """Fill in the module descriptor (qSlicerScriptedLoadableModule)."""
    parent.title = title
    parent.categories = [CATEGORY]
    parent.dependencies = []
    parent.contributors = ["MedProc contributors"]
    parent.helpText = summary + " " + _("Not for clinical use: what it proposes is for a qualified reader to judge.")
    parent.acknowledgementText = _(
        "MedProc builds on 3D Slicer, SimpleITK and SciPy; each step's tooltip names the publication it follows."
    )
