"""Packages that Slicer does not come with: installed when something needs them, and the user says yes."""

from subprocess import CalledProcessError

from slicer.i18n import tr as _

from ..core.errors import InputError


def require_package(requirement: str, what: str) -> None:
    """Return once a package is installed, after asking the user; main thread. what: needs it ("Training").

    Raises InputError where the user says no, or it cannot be installed.
    """
    from slicer import packaging  # since Slicer 5.12; modules are imported before it is needed

    if packaging.pip_check(requirement):
        return
    told = _("{what} needs {package}, which is not installed").format(what=what, package=requirement)
    try:
        packaging.pip_ensure(requirement, requester=what)
    except CalledProcessError as error:
        raise InputError(_("{told}, and could not be: see the log.").format(told=told)) from error
    except RuntimeError:
        pass  # the user says no, or another installation goes on
    if not packaging.pip_check(requirement):
        raise InputError(_("{told}. Try again, and allow to install it.").format(told=told))
