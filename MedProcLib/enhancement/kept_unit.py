"""After which steps values still have the unit that they had, such as HU or SUV."""

from ..core.recipe import Recipe

# Groups of operations, by their folder, and operations. Of CT, which is taken for HU, that is true of "CT to HU" too.
KEEP_UNIT = (
    "noise",
    "geometry",
    "enhancement.unsharp_mask",
    "enhancement.ct_to_hu",
    "enhancement.gibbs_reduction",
    "enhancement.metal_streak_reduction",
    "enhancement.remove_stripes",
    "enhancement.ring_reduction",
)


def keeps_unit(recipe: Recipe) -> bool:
    """Whether all steps that are switched on leave the unit of the values as it is."""
    operations = [operation for _number, operation in recipe.enabled_steps]
    groups = [type(operation).__module__.split(".")[-2] for operation in operations]
    names = [operation.declaration.name for operation in operations]
    return all(group in KEEP_UNIT or name in KEEP_UNIT for group, name in zip(groups, names, strict=True))
