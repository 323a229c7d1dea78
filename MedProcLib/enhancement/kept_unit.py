"""After which steps values still have the unit that they had, such as HU or SUV."""

from ..core.recipe import Recipe

# Groups of operations, by their folder, and operations.
KEEP_UNIT = ("noise", "geometry", "enhancement.unsharp_mask")


def keeps_unit(recipe: Recipe) -> bool:
    """Whether all steps that are switched on leave the unit of the values as it is."""
    operations = [operation for _number, operation in recipe.enabled_steps]
    groups = [type(operation).__module__.split(".")[-2] for operation in operations]
    names = [operation.declaration.name for operation in operations]
    return all(group in KEEP_UNIT or name in KEEP_UNIT for group, name in zip(groups, names, strict=True))
