"""Cases of the operations on tubes."""

from .case import Case
from .tubes import fork_image, fork_root

FORK = {"image": fork_image, "size": (40, 36, 24)}

CASES = {
    "segmentation.centerlines": [
        Case(**FORK),
        Case(**FORK, things={"seeds": fork_root}, optional=("seeds",), parameters={"spur_radii": 0.0}),
    ],
    "segmentation.vessels": [
        Case(**FORK),
        Case(**FORK, parameters={"outline": "answer", "smallest_radius_mm": 2.0}),
    ],
    "segmentation.tree_from_seed": [Case(**FORK, things={"seeds": fork_root})],
}
