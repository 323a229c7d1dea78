"""Cases of detectors of spots."""

from .case import Case
from .lung_phantom import lung_mask, lung_piece
from .spots import spotted
from .two_sides import two_sides

CASES = {
    "segmentation.blobs": [Case(image=spotted, size=(64, 60, 56), share=0.02, scale_free=True)],
    "segmentation.list_findings": [Case()],
    "segmentation.mirror_outliers": [
        # turned by 29 degrees and upside down: the plane is found anew, and the lesion's border with it
        Case(image=two_sides, size=(60, 64, 44), spacing=(2.0, 2.0, 2.0), flat=False, slow=True, share=0.3)
    ],
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
