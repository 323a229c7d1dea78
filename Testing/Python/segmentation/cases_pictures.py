"""Cases of operations on pictures: radiographs, microscopy."""

from .case import Case
from .radiograph import radiograph

CASES = {
    "segmentation.radiograph_lungs": [Case(image=radiograph, size=(130, 130, 1), flat=False)],
}
