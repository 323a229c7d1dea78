"""What a user does in a panel, and volumes to do it with."""

import numpy as np


def only(widget, *names):
    """Make the chain of just these operations, as a user does."""
    from MedProcLib.core.registry import find_operation

    while widget.chain.steps:
        widget.chain.steps[-1].actions["remove"].trigger()
    for name in names:
        widget.chain.add(find_operation(name))


def add_volume(name, values, spacing=(1.0, 1.0, 1.0)):
    import slicer

    node = slicer.util.addVolumeFromArray(np.asarray(values, np.float32), name=name)
    node.SetSpacing(*spacing)
    return node


def choose(combo_box, text):
    combo_box.currentIndex = [combo_box.itemText(index) for index in range(combo_box.count)].index(text)
