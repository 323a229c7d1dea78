"""Cases of detectors of spots."""

from .case import Case
from .spots import spotted

CASES = {
    "segmentation.blobs": [Case(image=spotted, size=(64, 60, 56), share=0.02, scale_free=True)],
}
