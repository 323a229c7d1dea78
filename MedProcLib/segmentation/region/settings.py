"""Parameters that operations on seeds share, each declared once."""

from typing import Annotated

from ...core.parameters import Range

DARKEST = Annotated[float, Range(-1e9, 1e9, "intensity"), "darkest value that is grown over"]
BRIGHTEST = Annotated[float, Range(-1e9, 1e9, "intensity"), "brightest value that is grown over"]
LARGEST_RADIUS = Annotated[float, Range(0, 1000, "mm"), "growing ends at this distance from the seeds; 0 is no limit"]
LARGEST_VOLUME = Annotated[float, Range(0, 1e9, "mm3"), "a larger region is refused as leaked (2D: mm²); 0 is no limit"]
EDGE_SCALE = Annotated[float, Range(0.1, 20, "mm"), "SD of the Gaussian that edges are looked for at"]
SURROUNDINGS = Annotated[
    int, Range(0, 65535), "number of the seeds that mark surroundings, which become no segment; 0 for none"
]
REACH = Annotated[
    float, Range(0, 1000, "mm"), "objects end within this distance of their seeds; 0: work on the whole image"
]
LIKENESS = Annotated[
    float, Range(0, 3), "weight of borders between intensities like those at different seeds; 0: edges alone"
]
