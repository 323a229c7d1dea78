"""All that defines the radiomic features of a region beside the image and the mask."""

from typing import Annotated, Literal

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.units import ValueUnit
from .discretization import Method
from .extract import every_segment
from .interpolation import Interpolator
from .outcome import RegionFeatures


@operation(
    "quantification.radiomics",
    title="Radiomic features",
    gives="table",
    source="IBSI (Zwanenburg et al., arXiv 1612.07003; Radiology 295(2), 2020); filters: IBSI 2 (arXiv 2006.05470)",
)
class Radiomics:
    """Compute the features of the image biomarker standard of each segment of a label map.

    In order: interpolation to the spacing, rounding, re-segmentation, the filter, discretization, features. Morphology
    rests on the mask before re-segmentation, all others on the one after it.
    """

    dimension: Annotated[
        Literal["3D", "2D"], "in the volume; or by slices: interpolation in the plane only, textures of each slice"
    ] = "3D"
    spacing_mm: Annotated[float, Range(0, 50, "mm"), "side of the voxels after interpolation; 0: as they are"] = 0.0
    slice_spacing_mm: Annotated[
        float, Range(0, 50, "mm"), "distance of slices after interpolation in 3D; 0: as the side of the voxels"
    ] = 0.0
    interpolation: Annotated[Interpolator, "of the image: nearest voxel, (tri)linear, cubic spline"] = "cubic"
    antialias: Annotated[bool, "blur to the size of larger voxels before interpolation"] = False
    mask_interpolation: Annotated[Literal["nearest", "linear"], "of the mask"] = "linear"
    mask_threshold: Annotated[float, Range(0.01, 1), "share of a voxel from which it is inside"] = 0.5
    round_intensities: Annotated[bool, "to whole numbers after interpolation, as suits HU"] = False
    filter: Annotated[
        str, "recipe or step (JSON) that the interpolated image goes through, such as a texture filter; '': none"
    ] = ""
    resegmentation_range: Annotated[
        str, "intensities kept, '[lowest, highest]', null where there is no bound: '[-500, 400]', '[0, null]'; '': all"
    ] = ""
    resegmentation_sd: Annotated[
        float, Range(0, 10, "SD"), "intensities further from the region's mean are left out as outliers; 0: none"
    ] = 0.0
    discretization: Annotated[Method, "of intensities for histogram and texture; 'none': whole numbers from 1"] = (
        "fixed bin number"
    )
    bin_number: Annotated[int, Range(2, 10_000), "bins of 'fixed bin number'"] = 32
    bin_size: Annotated[float, Range(1e-6, 1e6, "intensity"), "width of a bin of 'fixed bin size'"] = 25.0
    ivh_discretization: Annotated[
        Method, "of the intensity-volume histogram; 'none': whole numbers in steps of 1, others as they are"
    ] = "none"
    ivh_bin_number: Annotated[int, Range(2, 1_000_000), "its bins of 'fixed bin number'"] = 1000
    ivh_bin_size: Annotated[float, Range(1e-6, 1e6, "intensity"), "width of its bins of 'fixed bin size'"] = 1.0
    families: Annotated[
        str,
        "'all', or some of morphology, local_intensity, statistics, histogram, volume_histogram, glcm, glrlm, glszm, "
        "gldzm, ngtdm, ngldm",
    ] = "all"
    aggregations: Annotated[
        str,
        "of textures: 'auto' (all that suit the dimension), or some of 2D_avg, 2D_comb, 2_5D_avg, 2_5D_comb, "
        "3D_avg, 3D_comb",
    ] = "auto"
    glcm_distance: Annotated[float, Range(1, 50, "voxels"), "between the two of a co-occurrence"] = 1.0
    glcm_norm: Annotated[Literal["chebyshev", "manhattan", "euclidean"], "of the distance of co-occurrences"] = (
        "chebyshev"
    )
    distance_weighting: Annotated[
        Literal["none", "chebyshev", "manhattan", "euclidean"], "weight exp(-distance²) of directions that are merged"
    ] = "none"
    ngtdm_distance: Annotated[float, Range(1, 50, "voxels"), "radius of the neighborhood of NGTDM"] = 1.0
    ngldm_distance: Annotated[float, Range(1, 50, "voxels"), "radius of the neighborhood of NGLDM"] = 1.0
    ngldm_alpha: Annotated[int, Range(0, 1000), "largest difference between levels that depend on each other"] = 0
    intensity_unit: Annotated[ValueUnit, "unit of the image's values"] = "intensity"
    image_diagnostics: Annotated[
        bool, "say range and mean of the whole image before and after interpolation, which takes a while"
    ] = False

    def __call__(self, image, labels, progress=SILENT) -> list[RegionFeatures]:
        return every_segment(image, labels, self, progress)
