"""Presets for any modality."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent


def _file(name: str, title: str, about: str, seeds: str = "") -> Preset:
    return Preset(name, title, about, FOLDER, "Any image", seeds)


GENERAL_PRESETS: tuple[Preset, ...] = (
    _file(
        "outline_around_point",
        "Outline around a point",
        "One closed outline around each point, for lesions, nodes, cysts: bridges gaps and does not leak",
        "a point inside each thing to outline",
    ),
    _file(
        "grow_from_seeds",
        "Grow from seeds",
        "Objects and background grow from what you mark until they meet, along edges; live while you mark more",
        "a list of points or a painted segment for each object, and one for the background",
    ),
    _file(
        "region_from_point",
        "Like values around a point",
        "What is connected to each point and of like brightness, holes filled, smoothed",
        "a point inside each region",
    ),
    _file("vessels", "Vessels", "Bright tubes of any course, by their shape"),
    _file(
        "tree_from_point",
        "Tree of tubes from a point",
        "The vessels or ducts that go on from a point, stopped where they would leak",
        "a point in the trunk of the tree",
    ),
    _file("bright_regions", "Bright regions", "What is brighter than the rest (Otsu), each connected piece a segment"),
    _file("dark_regions", "Dark regions", "What is darker than the rest (Otsu), each connected piece a segment"),
)
