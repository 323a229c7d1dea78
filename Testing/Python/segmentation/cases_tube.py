"""Cases of the operations on tubes."""

from .case import Case
from .tubes import fork_image, fork_root

FORK = {"image": fork_image, "size": (40, 36, 24)}

CASES = {
    "segmentation.centerlines": [
        Case(**FORK),
        Case(**FORK, things={"seeds": fork_root}, optional=("seeds",), parameters={"spur_radii": 0.0}),
    ],
}
