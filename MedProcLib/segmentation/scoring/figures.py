"""The figures of a score: name, unit, which way is better, definition and source."""

from collections.abc import Mapping
from dataclasses import dataclass

from ...core.measurement import Code, Measurement

RELOADED = "Maier-Hein, Reinke et al., Metrics Reloaded, Nat Methods 21, 2024"
NIKOLOV = "Nikolov et al., J Med Internet Res 23(7), 2021; package surface-distance"
BORDER = "border voxels: those with a face neighbor outside; what lies outside the image is background"
SURFELS = "surface elements of marching cubes at voxel corners (3D) or contour lines (2D), weighted by area or length"
KIRILLOV = "Kirillov et al., Panoptic segmentation, CVPR 2019"


@dataclass(frozen=True)
class ScoreFigure:
    """One figure. better: 'higher', 'lower', or '' where neither is; settings: names of the parameters that define it.

    Where a unit is 'mm3', 2D images have 'mm2'.
    """

    name: str
    title: str
    unit: str
    meaning: str
    better: str = ""
    settings: tuple[str, ...] = ()
    source: str = RELOADED
    code: Code | None = None

    def measured(
        self, value: float, flat: bool = False, settings: object = None, more: Mapping[str, object] | None = None
    ) -> Measurement:
        """This figure with a value and all that defines it."""
        unit = "mm2" if flat and self.unit == "mm3" else self.unit
        chosen = {name: getattr(settings, name) for name in self.settings}
        parameters = {"definition": self.meaning, "source": self.source, **chosen, **(more or {})}
        return Measurement(self.name, float(value), unit, self.code, parameters)


_VOLUME = Code("SCT", "118565006", "Volume")

OVERLAP_FIGURES = (
    ScoreFigure("dice", "Dice", "", "2 |R and T| / (|R| + |T|); both empty: 1", "higher"),
    ScoreFigure("jaccard", "Jaccard (IoU)", "", "|R and T| / |R or T|; both empty: not defined", "higher"),
    ScoreFigure("sensitivity", "Sensitivity (recall)", "", "|R and T| / |R|; reference empty: not defined", "higher"),
    ScoreFigure(
        "specificity",
        "Specificity",
        "",
        "share of the voxels outside R, in the whole image of the reference, that are outside T",
        "higher",
    ),
    ScoreFigure(
        "precision",
        "Precision",
        "",
        "|R and T| / |T|; only the test empty: 0; both empty: not defined",
        "higher",
    ),
    ScoreFigure(
        "reference_volume", "Reference volume", "mm3", "voxels of the reference times their volume", code=_VOLUME
    ),
    ScoreFigure("test_volume", "Test volume", "mm3", "voxels of the test times their volume", code=_VOLUME),
    ScoreFigure("volume_difference", "Volume difference", "mm3", "|T| - |R|: positive where the test is larger"),
    ScoreFigure(
        "relative_volume_difference",
        "Relative volume difference",
        "%",
        "(|T| - |R|) / |R|; reference empty: not defined",
    ),
    ScoreFigure("absolute_volume_difference", "Absolute volume difference", "mm3", "||T| - |R||", "lower"),
    ScoreFigure(
        "absolute_relative_volume_difference",
        "Absolute relative volume difference",
        "%",
        "||T| - |R|| / |R|; reference empty: not defined",
        "lower",
    ),
)

_EMPTY = "both empty: 0; one empty: not defined"

SURFACE_FIGURES = (
    ScoreFigure(
        "hausdorff",
        "Hausdorff distance",
        "mm",
        f"largest distance from a border voxel of one to the nearest of the other ({BORDER}); {_EMPTY}",
        "lower",
    ),
    ScoreFigure(
        "hausdorff_95",
        "Hausdorff distance, 95 %",
        "mm",
        "larger one of the two directed 95th percentiles (linear interpolation) of the distances from the border "
        f"voxels of one to the nearest of the other; {_EMPTY}",
        "lower",
    ),
    ScoreFigure(
        "average_symmetric_surface_distance",
        "Average symmetric surface distance (ASSD)",
        "mm",
        "sum of the distances from the border voxels of each to the nearest of the other, over the number of border "
        f"voxels of both; {_EMPTY}",
        "lower",
    ),
    ScoreFigure(
        "mean_average_surface_distance",
        "Mean average surface distance (MASD)",
        "mm",
        f"mean of the two directed average distances between border voxels; {_EMPTY}",
        "lower",
    ),
    ScoreFigure(
        "surface_dice",
        "Surface Dice (NSD)",
        "",
        "share of the border voxels of both that lie within the tolerance of a border voxel of the other; both empty: "
        "1; one empty: 0",
        "higher",
        ("tolerance_mm",),
    ),
    ScoreFigure(
        "boundary_iou",
        "Boundary IoU",
        "",
        "IoU of the parts of R and T that lie nearer than the boundary width to their own border voxels; both empty: "
        "1; one empty: 0",
        "higher",
        ("boundary_mm",),
        "Cheng et al., Boundary IoU, CVPR 2021; " + RELOADED,
    ),
)

AREA_WEIGHTED_FIGURES = (
    ScoreFigure(
        "surface_dice_area_weighted",
        "Surface Dice, area-weighted",
        "",
        f"share of both surfaces' area within the tolerance of the other ({SURFELS}); both empty: 1; one empty: 0",
        "higher",
        ("tolerance_mm",),
        NIKOLOV,
    ),
    ScoreFigure(
        "hausdorff_area_weighted",
        "Hausdorff distance of surface elements",
        "mm",
        f"largest distance from a surface element of one to the nearest of the other; {_EMPTY}",
        "lower",
        source=NIKOLOV,
    ),
    ScoreFigure(
        "hausdorff_95_area_weighted",
        "Hausdorff distance, 95 %, area-weighted",
        "mm",
        f"larger one of the two directed distances within which 95 % of a surface's area lie; {_EMPTY}",
        "lower",
        source=NIKOLOV,
    ),
    ScoreFigure(
        "average_distance_reference_to_test_area_weighted",
        "Average distance from reference to test, area-weighted",
        "mm",
        f"mean over the reference's surface area of the distance to the test's surface; {_EMPTY}",
        "lower",
        source=NIKOLOV,
    ),
    ScoreFigure(
        "average_distance_test_to_reference_area_weighted",
        "Average distance from test to reference, area-weighted",
        "mm",
        f"mean over the test's surface area of the distance to the reference's surface; {_EMPTY}",
        "lower",
        source=NIKOLOV,
    ),
    ScoreFigure(
        "surface_overlap_reference_area_weighted",
        "Surface overlap of the reference, area-weighted",
        "",
        "share of the reference's surface area within the tolerance of the test's surface",
        "higher",
        ("tolerance_mm",),
        NIKOLOV,
    ),
    ScoreFigure(
        "surface_overlap_test_area_weighted",
        "Surface overlap of the test, area-weighted",
        "",
        "share of the test's surface area within the tolerance of the reference's surface",
        "higher",
        ("tolerance_mm",),
        NIKOLOV,
    ),
)

_LESIONS = ("match", "iou_threshold", "connectivity", "smallest_lesion_mm3")
_PAIRS = ("iou_threshold", "connectivity", "smallest_lesion_mm3")

LESION_FIGURES = (
    ScoreFigure("reference_lesions", "Lesions of the reference", "", "its connected components", settings=_PAIRS[1:]),
    ScoreFigure("test_lesions", "Lesions of the test", "", "its connected components", settings=_PAIRS[1:]),
    ScoreFigure(
        "lesion_sensitivity",
        "Lesion-wise sensitivity",
        "",
        "share of the reference's lesions that are matched; no lesion in the reference: not defined",
        "higher",
        _LESIONS,
    ),
    ScoreFigure(
        "lesion_precision",
        "Lesion-wise precision",
        "",
        "share of the test's lesions that are matched; only the test without lesion: 0; both: not defined",
        "higher",
        _LESIONS,
    ),
    ScoreFigure(
        "lesion_f1",
        "Lesion-wise F1",
        "",
        "harmonic mean of lesion-wise sensitivity and precision; no lesion in either: 1; in one only: 0",
        "higher",
        _LESIONS,
    ),
    ScoreFigure(
        "panoptic_quality",
        "Panoptic quality (PQ)",
        "",
        "segmentation quality times recognition quality: sum of the IoU of pairs / (pairs + half of the lesions "
        "without pair), of one-to-one pairs with an IoU above the threshold; no lesion in either: 1",
        "higher",
        _PAIRS,
        KIRILLOV,
    ),
    ScoreFigure(
        "segmentation_quality",
        "Segmentation quality (SQ)",
        "",
        "mean IoU of the one-to-one pairs with an IoU above the threshold; no pair: not defined",
        "higher",
        _PAIRS,
        KIRILLOV,
    ),
    ScoreFigure(
        "recognition_quality",
        "Recognition quality (RQ)",
        "",
        "pairs / (pairs + half of the lesions without pair); no lesion in either: 1",
        "higher",
        _PAIRS,
        KIRILLOV,
    ),
    ScoreFigure(
        "lesion_dice",
        "Lesion-wise Dice",
        "",
        "mean Dice of each lesion of the reference with all lesions of the test that touch it, where missed lesions "
        "and lesions of the test that touch none count as 0; no lesion in either: 1",
        "higher",
        (*_PAIRS[1:], "merge_mm"),
        "as in the BraTS challenge, Moawad et al., arXiv 2306.00838, 2023",
    ),
)

ALL_FIGURES = OVERLAP_FIGURES + SURFACE_FIGURES + AREA_WEIGHTED_FIGURES + LESION_FIGURES
FIGURE: dict[str, ScoreFigure] = {figure.name: figure for figure in ALL_FIGURES}
