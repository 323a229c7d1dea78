"""Cases of detectors of spots."""

from .case import Case
from .lung_phantom import lung_mask, lung_piece
from .spots import spotted

CASES = {
    "segmentation.blobs": [Case(image=spotted, size=(64, 60, 56), share=0.02, scale_free=True)],
    "segmentation.nodules": [
        Case(
            image=lung_piece,
            size=(64, 60, 56),
            things={"mask": lung_mask},
            optional=("mask",),
            flat=False,
            share=0.02,
            scale_free=False,
        )
    ],
}
