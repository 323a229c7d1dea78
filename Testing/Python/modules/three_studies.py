"""A patient of three studies with cubes in noise, and looking at what the panel of MedProc Comparison made of them."""

import datetime

# (z, y, x, side) of cubes in voxels of 1 mm: one grows, one of 5 mm goes at last, one of 7 mm comes then
BLOCKS = (((5, 5, 5, 6), (20, 30, 40, 5)), ((5, 5, 5, 8), (20, 30, 40, 5)), ((4, 4, 4, 10), (20, 8, 36, 7)))
DATES = tuple(datetime.date(2020 + n, 3, 1 + n) for n in range(3))


def patient_of(widget):
    from MedProcLib.scene.timeline_nodes import patient_of_node

    return patient_of_node(widget.patientNode())


def settle(widget):
    """Wait until nothing runs or is about to."""
    import host

    quiet = 0
    while quiet < 5:
        assert host.wait_until(lambda: not widget.run.running, 30)
        host.start().processEvents()
        quiet = 0 if widget.run.running else quiet + 1
