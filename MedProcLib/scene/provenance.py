"""Provenance on result nodes: an attribute that is saved with the scene, and what a reader did to them since."""

import dataclasses

from MedProcLib.core.provenance import Provenance

ATTRIBUTE = "MedProc.Provenance"


def write_provenance(node, provenance: Provenance) -> None:
    """Write how a result came about onto its node."""
    node.SetAttribute(ATTRIBUTE, provenance.to_json())


def provenance_of(node) -> Provenance | None:
    """Provenance of a node; None where it has none. Raises InputError where it cannot be read."""
    text = node.GetAttribute(ATTRIBUTE)
    return Provenance.from_json(text) if text else None


def append_edit(node, edit: str) -> None:
    """Add what a reader did ("edited by NAME on DATE") to a node's provenance; nothing on a node without one."""
    provenance = provenance_of(node)
    if provenance is not None:
        write_provenance(node, dataclasses.replace(provenance, edits=(*provenance.edits, edit)))


def is_result(node) -> bool:
    """Whether MedProc made this node."""
    return bool(node.GetAttribute(ATTRIBUTE))
