"""slicer.cli: command-line modules, which this host does not have."""

from host.failures import NotImitated

__all__ = ["cancel", "createNode", "run", "runSync", "setNodeParameters"]


def _refuse(*arguments, **options):
    raise NotImitated("Command-line modules are not there in the host; MedProc must not depend on them")


createNode = setNodeParameters = runSync = run = cancel = _refuse
