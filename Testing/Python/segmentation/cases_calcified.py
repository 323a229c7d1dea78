"""Case of calcifications."""

from .calcified import calcified_ct
from .case import Case

CASES = {
    "segmentation.calcifications": [
        Case(
            image=calcified_ct,
            size=(60, 56, 40),
            parameters={"largest_mm3": 300.0, "smallest_mm3": 2.0},
            flat=False,
            scale_free=False,
        )
    ],
}
