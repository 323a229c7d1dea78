"""slicer.packaging: what is installed can be asked; nothing is installed in a test."""

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

__all__ = [
    "isPipInstallInProgress",
    "load_pyproject_dependencies",
    "load_requirements",
    "pip_check",
    "pip_ensure",
    "pip_install",
    "pip_uninstall",
]


def load_requirements(path):
    """Requirements of a requirements.txt."""
    lines = (line.split("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def load_pyproject_dependencies(path):
    """Requirements of a pyproject.toml."""
    table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    return [Requirement(line) for line in table.get("project", {}).get("dependencies", ())]


def pip_check(req, _seen=None):
    """True when everything asked for is installed."""
    return all(_is_installed(one) for one in _as_list(req))


def isPipInstallInProgress():
    """Nothing is ever being installed."""
    return False


def pip_ensure(
    requirements,
    constraints=None,
    skip_packages=None,
    prompt_install=True,
    prompt_restart=True,
    requester=None,
    skip_in_testing=True,
    show_progress=True,
):
    """Return when everything is installed; refuse otherwise, as the user might."""
    missing = [str(one) for one in _as_list(requirements) if not _is_installed(one)]
    if missing:
        raise RuntimeError(f"Not installed, and tests install nothing: {', '.join(missing)}")
    return []


def pip_install(requirements, *arguments, **options):
    """Refused."""
    raise RuntimeError(f"Tests install nothing: {requirements}")


def pip_uninstall(requirements, *arguments, **options):
    """Refused."""
    raise RuntimeError(f"Tests uninstall nothing: {requirements}")


def _as_list(requirements) -> list:
    return list(requirements) if isinstance(requirements, (list, tuple)) else [requirements]


def _is_installed(requirement) -> bool:
    requirement = requirement if isinstance(requirement, Requirement) else Requirement(requirement)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        return requirement.specifier.contains(metadata.version(requirement.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False
