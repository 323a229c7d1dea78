"""Commands that make, score and combine segmentations."""

import argparse

from ..command import Command, argument
from .shared import IMAGE, MASK, NAMES, OPERATION, PARAMETER, RECIPE, output

SEGMENTATION_PRESET = argument(
    "--preset",
    metavar="NAME",
    alone=True,
    help="a preset, such as ct_lungs, mr_brain or pet_lesions (`presets` lists them), or 'auto' for one that suits the "
    "image",
)

COMMANDS = (
    Command(
        "segment",
        "delineate structures or find lesions with one operation, a recipe or a preset",
        (
            IMAGE,
            OPERATION,
            RECIPE,
            SEGMENTATION_PRESET,
            PARAMETER,
            MASK,
            argument(
                "--seed",
                metavar="L,P,S[=N]",
                action="append",
                default=[],
                help="a point (LPS, mm) inside object N, for steps that grow from seeds; may be given again",
            ),
            argument("--seeds", metavar="S", help="seeds: a label map on IMAGE's grid, or Slicer's points (.mrk.json)"),
            argument("--labels", metavar="L", help="label map to start from, for steps that clean up or change one"),
            argument(
                "--second",
                metavar="IMAGE2",
                help="another image of the patient on any grid, for steps that look at two: T2 or FLAIR beside T1",
            ),
            output(
                "SEG", "label map: .nrrd, .nii.gz, .nii or .mha; .seg.nrrd, which 3D Slicer opens with names and colors"
            ),
            argument("--findings", metavar="F.csv", help="write the list of findings too, one row each"),
            argument("--maps", metavar="DIR", help="write the maps too that a step gives, such as tissue fractions"),
        ),
        (
            "segment brain.nii.gz --operation segmentation.brain_mask -o mask.nii.gz",
            "segment chest.nii.gz --preset ct_lungs -o lungs.nii.gz",
            "segment t1.nii.gz --preset mr_tissues --second t2.nii.gz -o tissues.nii.gz --maps shares",
            "segment pet.nrrd --operation segmentation.connected_threshold --seed=-30,12.5,80 -o lesion.nrrd",
        ),
    ),
    Command(
        "evaluate",
        "score a segmentation against a reference: overlap, distances, surface Dice, lesions, of every segment",
        (
            argument(
                "reference", metavar="REFERENCE", help="label map, DICOM segmentation or contours, taken as the truth"
            ),
            argument(
                "test",
                metavar="TEST",
                help="what to score; a label map on another grid is resampled (nearest). Where both name all their "
                "labels, and one has all names of the other, labels are matched by name, else by number",
            ),
            argument(
                "--labels",
                metavar="N",
                nargs="+",
                type=int,
                help="labels of the reference to score (default: all of both)",
            ),
            argument(
                "--as-one",
                action="store_true",
                help="score all that is not 0 as one segment: numbered lesions against a mask of them",
            ),
            NAMES,
            argument("--tolerance", metavar="MM", type=float, help="for surface Dice (default: 1 mm)"),
            argument("--boundary", metavar="MM", type=float, help="width of the band of boundary IoU (default: 2 mm)"),
            argument(
                "--lesions",
                action=argparse.BooleanOptionalAction,
                help="score connected components one by one (default: yes)",
            ),
            argument(
                "--match",
                choices=("iou", "overlap"),
                help="when lesions match: iou, one to one above the threshold (default); overlap, any shared voxel",
            ),
            argument("--iou-threshold", metavar="T", type=float, help="IoU above which lesions match (default: 0.5)"),
            argument(
                "--connectivity",
                choices=("face", "corner"),
                help="how voxels of a lesion touch (default: corner)",
            ),
            argument("--smallest-lesion", metavar="MM3", type=float, help="smaller lesions are left out (default: 0)"),
            argument(
                "--merge",
                metavar="MM",
                type=float,
                help="for lesion-wise Dice: lesions of REFERENCE that touch when dilated so far are one (default: 0)",
            ),
            output("METRICS.csv", "table, a line per segment and the mean last; .json: the full record"),
        ),
        (
            "evaluate reference.nii.gz segmentation.nii.gz -o metrics.csv",
            "evaluate lesions_reader.nii.gz lesions.nii.gz --as-one --match overlap -o lesions.json",
        ),
    ),
    Command(
        "combine",
        "combine label maps of several raters or methods into one",
        (
            argument(
                "segmentations",
                metavar="SEG",
                nargs="+",
                help="label maps on one grid, DICOM segmentations or contours, two or more",
            ),
            argument(
                "--operation",
                metavar="NAME",
                default="segmentation.staple",
                help="majority_vote, staple or shape_average (default: staple)",
            ),
            PARAMETER,
            MASK,
            output("OUT", "combined label map: .nrrd, .nii.gz, .nii or .mha"),
            argument("--maps", metavar="DIR", help="write the maps too: how sure each voxel is"),
            argument("--performance", metavar="P.csv", help="write how well each rater agrees with the result"),
        ),
        (
            "combine rater1.nii.gz rater2.nii.gz rater3.nii.gz -o consensus.nii.gz --performance raters.csv",
            "combine a.nrrd b.nrrd c.nrrd --operation majority_vote -o majority.nrrd --maps uncertainty",
        ),
    ),
)
