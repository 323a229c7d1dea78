"""The modules' logic classes as a script uses them: what they take, and what they say of what they cannot take."""

from pathlib import Path

import numpy as np
import pytest

MODULES = Path(__file__).resolve().parents[3] / "MedProc"


@pytest.fixture
def logics(scene):
    """Logic objects of the four modules, by the last part of their names."""
    import host

    found = {}
    for name in ("Enhancement", "Segmentation", "Quantification", "Comparison"):
        module = host.load_module(MODULES / f"MedProc{name}" / f"MedProc{name}.py")
        found[name] = getattr(module, f"MedProc{name}Logic")()
    return found


@pytest.fixture
def spots(scene):
    """A volume with two bright blocks, of which the label map holds one."""
    import slicer

    values = np.random.default_rng(2).normal(100, 5, (20, 30, 40)).astype(np.float32)
    values[4:8, 5:9, 6:10] = values[12:15, 20:23, 30:33] = 200
    labels = np.zeros(values.shape, np.uint8)
    labels[:10] = 1
    volume = slicer.util.addVolumeFromArray(values, name="Spots")
    return volume, slicer.util.addVolumeFromArray(labels, name="Half", nodeClassName="vtkMRMLLabelMapVolumeNode")


def test_a_name_in_the_place_of_a_node_is_explained(logics, spots):
    from MedProcLib.core.errors import InputError

    volume, _labels = spots
    for call in (
        lambda: logics["Enhancement"].process("Spots"),
        lambda: logics["Enhancement"].process(volume, mask="Spots"),
        lambda: logics["Segmentation"].process("Spots"),
        lambda: logics["Segmentation"].process(volume, region=5),
        lambda: logics["Segmentation"].process(volume, seeds="Spots"),
        lambda: logics["Segmentation"].findings("Spots"),
        lambda: logics["Quantification"].process("Spots", volume),
        lambda: logics["Quantification"].export("Spots", "figures.csv"),
        lambda: logics["Comparison"].compare([volume, "Spots"]),
    ):
        with pytest.raises(InputError, match="is no node: give the node itself"):
            call()


def test_a_label_map_in_the_place_of_a_segmentation_is_explained(logics, spots):
    from MedProcLib.core.errors import InputError

    volume, labels = spots
    with pytest.raises(InputError, match="'Half' is a label map: convert it"):
        logics["Quantification"].process(labels, volume)
    with pytest.raises(InputError, match="'Spots' is not a table"):
        logics["Quantification"].export(volume, "figures.csv")


def test_a_preset_an_operation_and_a_recipe_are_recipes(logics, spots):
    import slicer

    from MedProcLib.core.errors import InputError
    from MedProcLib.core.recipe import Recipe
    from MedProcLib.core.registry import create_operation

    volume, _labels = spots
    smooth = create_operation("enhancement.gaussian")
    made = [logics["Enhancement"].process(volume, each) for each in (smooth, Recipe.of(smooth))]
    np.testing.assert_array_equal(*map(slicer.util.arrayFromVolume, made))
    assert logics["Enhancement"].process(volume, "ct_soft_tissue").GetName() == "Spots enhanced_2"
    with pytest.raises(InputError, match="no preset 'ct_bone'; there are: ct_lung, "):
        logics["Enhancement"].process(volume, "ct_bone")
    with pytest.raises(InputError, match="5 is no recipe"):
        logics["Segmentation"].process(volume, 5)


def test_a_mask_alone_is_the_region(logics, spots):
    from MedProcLib.core.errors import InputError
    from MedProcLib.core.registry import create_operation

    volume, labels = spots
    settings = {"low": 6, "high": 8, "smoothing_mm": 0, "background_mm": 0}
    rule = create_operation("segmentation.bright_outliers", settings)
    _segments, table = logics["Segmentation"].process(volume, rule, mask=labels)
    assert [row["volume_mm3"] for row in logics["Segmentation"].findings(table)] == [64]
    with pytest.raises(InputError, match="no region 'brain' to search in; there are: Brain, "):
        logics["Segmentation"].process(volume, rule, region="brain")
    with pytest.raises(InputError, match="leave one of them out"):
        logics["Segmentation"].process(volume, rule, region="Whole image", mask=labels)
