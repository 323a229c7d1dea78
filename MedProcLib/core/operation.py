"""An operation is a declaration: a frozen dataclass of typed parameters plus what it takes and gives.

From the one declaration come the Python call, the panel, the recipe step, the provenance and the reference page:

    @operation("enhancement.median", title="Median", gives="image", source="Tukey, Exploratory Data Analysis, 1977")
    class Median:
        \"\"\"Replace each voxel by the median of its neighborhood.\"\"\"

        radius_mm: Annotated[float, Range(0.1, 20, "mm"), "radius of the neighborhood"] = 1.0

        def __call__(self, image, mask=None, progress=SILENT): ...

    smooth = Median(radius_mm=2)(image)

What it takes is read from `__call__`: parameters without default are needed, those with None are optional.
"""

import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, dataclass_transform, get_type_hints

import numpy as np
import SimpleITK as sitk

from .errors import InputError
from .geometry import Geometry, require_same_grid, require_scalar
from .parameters import Parameter, parameter_of
from .progress import SILENT, Progress

# What travels between operations, by name. Values are images unless said otherwise.
THINGS = {
    "image": "scalar image",
    "original": "the image before the steps that enhanced it",
    "mask": "region of interest: an image, inside where it is not 0",
    "labels": "label map: an integer image, 0 is background",
    "seeds": "label map of seeds: a whole number for each object where the user marked it, 0 elsewhere",
    "reference_labels": "label map taken as the truth",
    "raters": "list of label maps of the same structures on one grid, one from each rater",
    "maps": "scalar images on the image's grid by name, such as fractions of tissues or an uncertainty",
    "candidates": "list of proposed findings, best first",
    "centerlines": "list of branches of a tree of tubes: points (LPS, mm) and radii (mm)",
    "surface": "triangles of the surfaces of a label map (LPS, mm)",
    "reference": "scalar image to become alike to",
    "second": "scalar image of the same patient beside the image, such as T2 beside T1, on any grid",
    "fixed": "image of the first study",
    "moving": "image of the other study",
    "fixed_mask": "region of interest of the first study",
    "moving_mask": "region of interest of the other study",
    "fixed_labels": "label map of the first study",
    "moving_labels": "label map of the other study",
    "fixed_maps": "scalar images on the first study's grid by name, such as fractions of tissues",
    "moving_maps": "scalar images on the other study's grid by name, such as fractions of tissues",
    "transform": "SimpleITK transform from points of the first study to points of the other (LPS, mm)",
    "fixed_sampling": "voxels of the first study, and the transform to them from the space that is compared",
    "moving_sampling": "voxels of the other study, and the transform to them from the space that is compared",
    "difference": "image of the difference, other minus first",
    "change": "label map of changed tissue: 1 gained, 2 lost",
    "findings": "list of findings with their class of change",
    "table": "list of rows of measurements",
}

# Ends of the names of things that are label maps.
WHOLE_NUMBERS = ("labels", "seeds")


@dataclasses.dataclass(frozen=True)
class Declaration:
    """All that is known of an operation before it runs."""

    name: str
    title: str
    description: str
    source: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    optional_inputs: tuple[str, ...]
    gives: tuple[str, ...]
    dimensions: tuple[int, ...]
    make: Callable[..., Any]

    @property
    def area(self) -> str:
        return self.name.split(".", 1)[0]

    @property
    def group(self) -> str:
        """Title of the group of operations within its area: the docstring of the folder that holds its file, or ''."""
        package, area = self.make.__module__.rpartition(".")[0], self.area
        if package.rpartition(".")[2] == area:
            return ""
        return inspect.cleandoc(sys.modules[package].__doc__ or "").rstrip(".")

    def parameter(self, name: str) -> Parameter:
        """A parameter by name. Raises InputError listing the known ones."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(parameter.name for parameter in self.parameters) or "none"
        raise InputError(f"operation '{self.name}' has no parameter '{name}'; it has: {known}.")

    def create(self, parameters: Mapping[str, Any] | None = None) -> Any:
        """The operation with these parameter values. Raises InputError for an unknown or out-of-range one."""
        return self.make(**{name: self.parameter(name).check(v) for name, v in (parameters or {}).items()})

    def as_dict(self) -> dict[str, Any]:
        return {
            "operation": self.name,
            "title": self.title,
            "meaning": self.description,
            "inputs": list(self.inputs),
            "optional_inputs": list(self.optional_inputs),
            "gives": list(self.gives),
            "dimensions": list(self.dimensions),
            "parameters": [parameter.as_dict() for parameter in self.parameters],
            "source": self.source,
        }


_declared: dict[str, Declaration] = {}


@dataclass_transform(frozen_default=True, kw_only_default=False)
def operation(
    name: str, *, title: str, gives: str | tuple[str, ...], source: str, dimensions: tuple[int, ...] = (2, 3)
) -> Callable[[type], Any]:
    """Class decorator that turns a class of annotated parameters with a `__call__` into an operation.

    name: 'area.operation'; gives: the THINGS it returns (a tuple when it returns several);
    source: paper or standard; dimensions: image dimensions it works on.
    The instance is immutable, validates its parameters, checks the inputs common to all operations (scalar
    images, masks and label maps on the image's grid, a mask that is not empty) and counts as equal by value.
    """

    def decorate(cls: type) -> Any:
        given = (gives,) if isinstance(gives, str) else tuple(gives)
        cls.__post_init__ = _check_parameters  # type: ignore[attr-defined]
        made: Any = dataclasses.dataclass(frozen=True)(cls)
        hints = get_type_hints(made, include_extras=True)
        parameters = tuple(
            parameter_of(field.name, hints[field.name], field.default)  # type: ignore[arg-type]
            for field in dataclasses.fields(made)
        )
        inputs, optional = _inputs(made)
        unknown = set(inputs + optional + given) - set(THINGS)
        if unknown:
            raise TypeError(f"{name}: {sorted(unknown)} are not things operations exchange (THINGS).")
        declaration = Declaration(
            name,
            title,
            inspect.cleandoc(cls.__doc__ or ""),
            source,
            parameters,
            inputs,
            optional,
            given,
            dimensions,
            made,
        )
        if not declaration.description or not source:
            raise TypeError(f"{name}: an operation needs a docstring and a source.")
        made.declaration = declaration
        made.__call__ = _checked_call(made.__call__, declaration)
        made.parameters = property(lambda self: {p.name: getattr(self, p.name) for p in parameters})
        existing = _declared.get(name)
        if existing is not None and existing.make.__qualname__ != made.__qualname__:
            raise TypeError(f"Two operations are called '{name}'.")
        _declared[name] = declaration
        return made

    return decorate


def declared() -> dict[str, Declaration]:
    """The operations declared so far, by name (see registry for all of them)."""
    return dict(sorted(_declared.items()))


def _inputs(cls: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    needed: list[str] = []
    optional: list[str] = []
    for parameter in list(inspect.signature(cls.__call__).parameters.values())[1:]:
        if parameter.name == "progress":
            continue
        (needed if parameter.default is inspect.Parameter.empty else optional).append(parameter.name)
    return tuple(needed), tuple(optional)


def _check_parameters(self: Any) -> None:
    for parameter in self.declaration.parameters:
        # frozen: the checked value (3 for a float becomes 3.0) is stored past the guard, once
        object.__setattr__(self, parameter.name, parameter.check(getattr(self, parameter.name)))


def _checked_call(call: Callable[..., Any], declaration: Declaration) -> Callable[..., Any]:
    signature = inspect.signature(call)

    @functools.wraps(call)
    def checked(self: Any, *args: Any, progress: Progress = SILENT, **named: Any) -> Any:
        bound = signature.bind(self, *args, progress=progress, **named)
        check_inputs(declaration, {k: v for k, v in bound.arguments.items() if k in THINGS})
        progress(0.0, declaration.title)
        result = call(*bound.args, **bound.kwargs)
        progress(1.0, declaration.title)
        return result

    return checked


def check_inputs(declaration: Declaration, inputs: Mapping[str, Any]) -> None:
    """Raise InputError for inputs that no operation of this declaration can use."""
    for name in declaration.inputs:
        if inputs.get(name) is None:
            raise InputError(f"{declaration.title} needs {with_article(name)} ({THINGS[name]}).")
    images = {name: value for name, value in inputs.items() if isinstance(value, sitk.Image)}
    for name, image in images.items():
        require_scalar(image, f"The {name.replace('_', ' ')}")
        if image.GetDimension() not in declaration.dimensions:
            wanted = " or ".join(f"{d}D" for d in declaration.dimensions)
            raise InputError(f"{declaration.title} works on {wanted} images; this {name} is {image.GetDimension()}D.")
        if name.endswith(WHOLE_NUMBERS) and not _is_integer(image):
            raise InputError(
                f"The {name.replace('_', ' ')} must be a label map of whole numbers, "
                f"not {image.GetPixelIDTypeAsString()}."
            )
        if name.endswith("mask") and not np.any(sitk.GetArrayViewFromImage(image)):
            raise InputError(f"The {name.replace('_', ' ')} is empty: it selects no voxel.")
        if name == "seeds" and not np.any(sitk.GetArrayViewFromImage(image)):
            raise InputError("There is no seed: mark what is wanted with a point, or paint a little of it.")
    for whole, companions in (
        ("image", ("mask", "labels", "seeds")),
        ("fixed", ("fixed_mask", "fixed_labels")),
        ("moving", ("moving_mask", "moving_labels")),
    ):
        for companion in companions:
            if whole in images and companion in images and not _on_grid(images[companion], images[whole]):
                require_same_grid(
                    images[whole], images[companion], f"the {whole} and its {companion.replace('_', ' ')}"
                )


def _on_grid(first: sitk.Image, second: sitk.Image) -> bool:
    return Geometry.of(first).same_grid(Geometry.of(second))


def _is_integer(image: sitk.Image) -> bool:
    return image.GetPixelID() not in (sitk.sitkFloat32, sitk.sitkFloat64)


def with_article(name: str) -> str:
    """A thing in words: 'an image', 'a mask', 'seeds'."""
    words = name.replace("_", " ")
    return words if words.endswith("s") else ("an " if words[0] in "aeiou" else "a ") + words
