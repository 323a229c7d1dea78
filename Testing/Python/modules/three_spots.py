"""A run of MedProc Segmentation that finds three bright blocks, and what its list says of them."""

import numpy as np

from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation

NAME = "MedProcSegmentation"
PLAIN = {"low": 6, "high": 8, "smoothing_mm": 0, "background_mm": 0, "minimum_volume_mm3": 0}


def found(panel, finish):
    """The panel after a run that found blocks of 64, 27 and 8 mm3, with a reader."""
    import slicer

    values = np.random.default_rng(2).normal(100, 5, (20, 30, 40)).astype(np.float32)
    values[4:8, 5:9, 6:10], values[12:15, 20:23, 30:33], values[2:4, 2:4, 20:22] = 200, 200, 200
    slicer.util.addVolumeFromArray(values, name="Spots")
    widget = panel(NAME)
    use(widget, Recipe.of(create_operation("segmentation.bright_outliers", PLAIN)))
    widget.parameters.region = "Whole image"
    widget.run.button.click()
    assert finish(widget) == "3 findings in 'Spots bright outliers'."
    widget.findings.reader_edit.setText("A. Reader")
    widget.setReader("A. Reader")
    return widget


def use(widget, recipe):
    widget.chain.set_recipe(recipe)
    widget.onChainEdited()


def statuses(widget):
    return [row["status"] for row in widget.resultRows()]
