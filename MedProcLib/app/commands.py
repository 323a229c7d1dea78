"""The commands and their arguments. Others call them from scripts: they are a promise and only grow."""

import argparse

from .command import Command, argument
from .help_settings import HelpSettings

IMAGE = argument(
    "image",
    metavar="IMAGE",
    help="NRRD, NIfTI, MetaImage or DICOM file, or DICOM folder (#N after it: series, frame or time point N)",
)
MASK = argument("--mask", metavar="M", help="region to work in: an image on IMAGE's grid, inside where it is not 0")
OPERATION = argument("--operation", metavar="NAME", alone=True, help="one operation, by name (see `operations`)")
RECIPE = argument("--recipe", metavar="R.json", alone=True, help="several operations in order, from a recipe file")
PRESET = argument(
    "--preset",
    metavar="NAME",
    alone=True,
    help="a preset, such as mr_brain_flair or ct_lung, or 'auto' for the one that suits the image",
)
SEGMENTATION_PRESET = argument(
    "--preset", metavar="NAME", alone=True, help="a preset, such as ct_lungs, mr_brain or pet_lesions"
)
PARAMETER = argument(
    "-p",
    dest="parameters",
    metavar="KEY=VALUE",
    action="append",
    default=[],
    help="value of a parameter of the operation; may be given again for others",
)
UNIT = argument("--unit", metavar="U", help="unit of IMAGE's values: SUV, 'um2/s', ms, ... (default: HU for CT)")
NAMES = argument(
    "--names",
    metavar="NAME",
    nargs="+",
    help='names of labels: 1=Liver 2=Spleen, or a JSON file: {"1": "Liver"} (default: those in a .seg.nrrd)',
)
# those of quantification.measure, without importing it to show the help
MEASURE_OPERATIONS = ("segment_distances", "calcium_score", "body_composition", "plane_descriptors", "key_points")
MEASURE_GROUPS = ("size", "diameters", "shape", "intensity", "robust", "distribution", "ct", "lung", "intervals", "pet")


def output(metavar: str, help: str):
    return argument("-o", "--output", metavar=metavar, required=True, help=help)


COMMANDS = (
    Command(
        "operations",
        "list all operations with their parameters, ranges, units, defaults, meaning and source",
        (
            argument("--json", action="store_true", help="as JSON"),
            argument("--markdown", action="store_true", help="as the reference page in Markdown"),
        ),
        ("operations", "operations --json"),
    ),
    Command(
        "info",
        "show an image's geometry, range of values and modality as JSON",
        (IMAGE,),
        ("info brain.nii.gz", "info dicom_folder", "info dicom_folder#2"),
    ),
    Command(
        "enhance",
        "enhance an image with one operation, a recipe or a preset",
        (
            IMAGE,
            OPERATION,
            RECIPE,
            PRESET,
            PARAMETER,
            MASK,
            argument("--reference", metavar="R", help="image to become alike to, for operations that take one"),
            output("OUT", "enhanced image: .nrrd, .nii.gz, .nii or .mha"),
        ),
        (
            "enhance brain.nii.gz --operation enhancement.n4 -o brain_n4.nii.gz",
            "enhance brain.nii.gz --recipe recipe.json --mask head.nii.gz -o brain_enhanced.nii.gz",
            "enhance dicom_folder --preset auto -o enhanced.nrrd",
        ),
    ),
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
                help="a point (LPS, mm) inside object N, for steps that grow from seeds; may be given again "
                "(write --seed=-12,40,7 when the first number is negative)",
            ),
            argument("--seeds", metavar="S", help="seeds: a label map on IMAGE's grid, or Slicer's points (.mrk.json)"),
            argument("--labels", metavar="L", help="label map to start from, for steps that clean up or change one"),
            output("SEG", "label map: .nrrd, .nii.gz, .nii or .mha"),
            argument("--findings", metavar="F.csv", help="write the list of findings too, one row each"),
            argument("--maps", metavar="DIR", help="write the maps too that a step gives, such as tissue fractions"),
        ),
        (
            "segment brain.nii.gz --operation segmentation.brain_mask -o mask.nii.gz",
            "segment chest.nii.gz --preset ct_lungs -o lungs.nii.gz",
            "segment pet.nrrd --operation segmentation.connected_threshold --seed=-30,12.5,80 -o lesion.nrrd",
        ),
    ),
    Command(
        "combine",
        "combine label maps of several raters or methods into one",
        (
            argument("segmentations", metavar="SEG", nargs="+", help="label maps on one grid, two or more"),
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
    Command(
        "measure",
        "measure every segment of a label map, and every connected component or slice of it",
        (
            IMAGE,
            argument(
                "segmentation", metavar="SEG", help="label map on IMAGE's grid; of a 4D IMAGE one for all or each"
            ),
            NAMES,
            argument(
                "--per",
                choices=("segment", "component", "slice"),
                help="what has a row of its own besides each segment (default: component)",
            ),
            argument(
                "--group",
                metavar="G",
                nargs="+",
                choices=MEASURE_GROUPS,
                help=f"groups of figures: {', '.join(MEASURE_GROUPS)} (default: size diameters intensity)",
            ),
            argument(
                "--operation",
                choices=MEASURE_OPERATIONS,
                help="measure with this operation instead: distances between segments, moments and patterns of their "
                "largest slice, key points in them, or CT",
            ),
            UNIT,
            PARAMETER,
            argument(
                "--times", metavar="S", nargs="+", type=float, help="when the images of a 4D IMAGE were taken (s)"
            ),
            argument("--format", choices=("csv", "tsv", "json"), help="default: by the ending of TABLE, or csv"),
            argument("--long", action="store_true", help="a line per figure, with its unit, code and parameters"),
            argument("--sr", metavar="REPORT.dcm", help="write a DICOM report (TID 1500) too, of an IMAGE in DICOM"),
            argument("--reader", metavar="NAME", help="who answers for the DICOM report"),
            output("TABLE.csv", "table of measurements; .tsv; .json: with all that defines each figure"),
        ),
        (
            "measure brain.nii.gz lesions.nii.gz -o lesions.csv",
            "measure ct.nii.gz organs.nii.gz --names organs.json -o organs.csv",
            "measure thorax.nii.gz lungs.nii.gz --unit HU --group size lung --per slice -o lungs.tsv",
            "measure ct.nii.gz tissues.nii.gz --operation body_composition -p height_m=1.75 -o composition.csv",
            "measure ct.nii.gz organs.nii.gz --operation segment_distances -o distances.csv",
            "measure suv.nrrd tumors.nrrd --unit SUV --group pet -p uptake=percent_of_maximum -o tumors.json",
        ),
    ),
    Command(
        "histogram",
        "count the values of each segment in bins, and how much of its volume reaches each value (IVH, DVH)",
        (
            IMAGE,
            argument(
                "segmentation", metavar="SEG", nargs="?", help="label map on IMAGE's grid (default: all of IMAGE)"
            ),
            NAMES,
            argument("--bins", metavar="N", type=int, help="how many (default: by the spread of all values)"),
            argument("--width", metavar="W", type=float, help="width of a bin, in the unit of the values, instead"),
            argument("--limits", metavar=("LOW", "HIGH"), nargs=2, type=float, help="of the first and the last bin"),
            UNIT,
            output("TABLE.csv", "table, a line per segment and bin; all segments share the bins; .tsv"),
        ),
        (
            "histogram ct.nii.gz organs.nii.gz --width 25 --limits -1000 1000 -o histogram.csv",
            "histogram suv.nrrd tumors.nrrd --bins 100 -o ivh.csv",
        ),
    ),
    Command(
        "profile",
        "sample an image along a line, and measure how wide the peak there is",
        (
            IMAGE,
            argument("--line", metavar="LINE.mrk.json", help="a line saved by Slicer; of several each"),
            argument("--from", dest="start", metavar="L,P,S", help="one end (LPS, mm; --from=-9,4,7 where negative)"),
            argument("--to", dest="end", metavar="L,P,S", help="the other end"),
            argument(
                "--step", metavar="MM", type=float, help="between samples (default: half the smallest voxel side)"
            ),
            argument(
                "--across",
                metavar="MM",
                type=float,
                default=0.0,
                help="average over a disc of this diameter (default: 0)",
            ),
            argument(
                "--interpolation",
                choices=("linear", "cubic"),
                default="linear",
                help="between voxels (default: linear)",
            ),
            UNIT,
            output("TABLE.csv", "table, a line per sample with its place (LPS, mm); .tsv"),
        ),
        (
            "profile ct.nii.gz --line line.mrk.json -o profile.csv",
            "profile ct.nii.gz --from=-20,35.5,110 --to=12,35.5,110 --across 2 -o profile.csv",
        ),
    ),
    Command(
        "features",
        "compute the radiomic features of the image biomarker standard (IBSI) of a region",
        (
            IMAGE,
            argument("mask", metavar="MASK", help="label map on IMAGE's grid"),
            argument("--label", metavar="N", type=int, help="label of the region; needed when MASK has several"),
            argument("--all-labels", action="store_true", help="every label; adds the column `label`"),
            argument("--settings", metavar="S.json", help="how to process image and mask (see --help-settings)"),
            argument(
                "--preset",
                metavar="NAME",
                help="settings that are shipped, such as ct, pet or mr (default: those of the image's modality)",
            ),
            argument("--help-settings", action=HelpSettings, nargs=0, help="list settings and presets, and end"),
            argument(
                "--robustness",
                metavar="N",
                type=int,
                help="perturb image and mask N times, and write how each feature varies to FEATURES_robustness.csv",
            ),
            output("FEATURES.csv", "table, a line per feature; .json: the full record"),
        ),
        (
            "features chest.nii.gz tumor.nii.gz --preset ct -o features.csv",
            "features pet.nrrd lesions.nrrd --label 2 --settings settings.json -o features.json",
        ),
    ),
    Command(
        "evaluate",
        "score a segmentation against a reference: overlap, distances, surface Dice, lesions, of every segment",
        (
            argument("reference", metavar="REFERENCE", help="label map taken as the truth"),
            argument("test", metavar="TEST", help="label map to score; on another grid it is resampled (nearest)"),
            argument("--labels", metavar="N", nargs="+", type=int, help="labels to score (default: all of both)"),
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
            "evaluate lesions_reader.nii.gz lesions.nii.gz --match overlap --smallest-lesion 3 -o lesions.json",
        ),
    ),
    Command(
        "quality",
        "measure noise, contrast and sharpness of an image, before and after, or against a reference",
        (
            IMAGE,
            MASK,
            argument("--regions", metavar="LABELS", help="label map of two tissues, for contrast (CNR, CJV)"),
            argument("--region-a", type=int, metavar="N", help="label of the first tissue"),
            argument("--region-b", type=int, metavar="N", help="label of the other tissue"),
            argument("--reference", metavar="R", help="image to be alike to, on IMAGE's grid: RMSE, PSNR, SSIM, ..."),
            argument("--before", metavar="B", help="the image before it was enhanced: what changed"),
            output("QUALITY.csv", "table of figures"),
        ),
        (
            "quality brain.nii.gz -o quality.csv",
            "quality brain_n4.nii.gz --before brain.nii.gz --mask head.nii.gz -o quality.csv",
        ),
    ),
    Command(
        "learn-scale",
        "learn a standard intensity scale from images of one kind, for the operation enhancement.nyul",
        (
            argument("images", metavar="IMAGE", nargs="+", help="images of one weighting and body part"),
            argument("--masks", metavar="M", nargs="+", help="what to learn from, one mask per image in their order"),
            output("SCALE.json", "the standard scale: its text is the parameter standard_scale of enhancement.nyul"),
            argument("--recipe", dest="recipe_output", metavar="R.json", help="write a recipe that applies it too"),
        ),
        (
            "learn-scale t1_a.nii.gz t1_b.nii.gz t1_c.nii.gz -o t1_scale.json",
            "learn-scale t1_*.nii.gz --masks brain_*.nii.gz -o t1_scale.json --recipe t1_recipe.json",
        ),
    ),
    Command(
        "suv",
        "convert a DICOM PET series to standardized uptake values (SUV), and show how the factor came about",
        (
            argument("image", metavar="DICOM", help="folder of the PET series (FOLDER#N for series N), or a file"),
            argument(
                "--normalization",
                choices=("bw", "lbm", "lbmjames128", "lbmjanma", "bsa", "ibw"),
                default="bw",
                help="body weight (default), lean body mass by one of three formulas, body surface, ideal weight",
            ),
            argument("--frame", metavar="N", type=int, help="which time point of a dynamic series, counted from 1"),
            argument("--weight", metavar="KG", type=float, help="weight of the patient, in place of the header's"),
            argument("--height", metavar="CM", type=float, help="height of the patient"),
            argument("--sex", choices=("M", "F", "O"), help="sex of the patient"),
            argument("--dose", metavar="MBQ", type=float, help="activity injected, at the time of injection"),
            argument(
                "--injection-time",
                metavar="TIME",
                help="when it was injected: HH:MM:SS or YYYY-MM-DDTHH:MM:SS (scanner's)",
            ),
            argument("--half-life", metavar="S", type=float, help="half-life of the nuclide in seconds"),
            argument(
                "--reference-time",
                metavar="TIME",
                help="time to which the voxels were corrected for decay: YYYY-MM-DDTHH:MM:SS",
            ),
            output("OUT", "image in SUV: .nrrd, .nii.gz, .nii or .mha"),
        ),
        (
            "suv pet_dicom -o suv.nrrd",
            "suv study_dicom#3 --normalization lbmjanma --height 172 -o sul.nrrd",
        ),
    ),
    Command(
        "train",
        "train a classifier of findings from a table of features with labels, and validate it",
        (
            argument("table", metavar="TABLE.csv", help="findings, one a line; tables of measure and features as well"),
            argument("--label", metavar="COLUMN", required=True, help="column that says what each finding is"),
            argument(
                "--patient", metavar="COLUMN", help="column of patients; none is learned from and predicted at once"
            ),
            argument(
                "--features", metavar="NAME", nargs="+", help="columns or patterns (default: all that hold numbers)"
            ),
            argument("--positive", metavar="CLASS", help="the class looked for (default: the last in order)"),
            argument(
                "--method",
                choices=("logistic_l2", "logistic_l1", "discriminant", "nearest", "forest"),
                help="kind of classifier (default: logistic_l2)",
            ),
            argument("--folds", type=int, metavar="N", help="parts of the cross-validation (default: 5)"),
            argument("--repeats", type=int, metavar="N", help="repeats of the cross-validation (default: 5)"),
            argument(
                "--permutations", type=int, metavar="N", help="for the test against chance (default: 200; 0: none)"
            ),
            argument(
                "--events-per-feature",
                type=float,
                metavar="N",
                help="linear methods: findings of the smallest class per feature they may use (default: 5; 0: all)",
            ),
            argument(
                "--point",
                choices=("youden", "sensitivity", "specificity", "probability"),
                help="operating point: largest sensitivity + specificity (default), at least a sensitivity or "
                "specificity, or a probability",
            ),
            argument("--point-value", type=float, metavar="V", help="which sensitivity, specificity or probability"),
            argument("--seed", type=int, metavar="N", help="of all that is drawn (default: 0)"),
            argument("--test", metavar="T.csv", help="findings of other patients to try the model on"),
            argument("--by", metavar="NAME", help="who trains, for the record (default: the user's name)"),
            output("MODEL.json", "the model, as data"),
            argument("--report", metavar="R.json", help="all figures: ROC curves, calibration, importance of features"),
        ),
        (
            "train lesions.csv --label diagnosis --patient patient -o model.json --report report.json",
            "train features.csv --label malignant --patient id --features cm_* --method forest -o model.json",
        ),
    ),
    Command(
        "predict",
        "propose what the findings of a table are, with probabilities and reasons",
        (
            argument("model", metavar="MODEL.json", help="model that `train` wrote"),
            argument("table", metavar="TABLE.csv", help="findings with the features that the model needs"),
            output("PREDICTIONS.csv", "a line per finding: class, probabilities, whether like the training data, why"),
        ),
        ("predict model.json new_lesions.csv -o predictions.csv",),
    ),
    Command(
        "register",
        "find how the second image lies to the first",
        (
            argument("fixed", metavar="FIXED", help="image of the first study"),
            argument("moving", metavar="MOVING", help="image of the other study"),
            argument(
                "--transform",
                choices=("rigid", "affine", "deformable"),
                default="rigid",
                help="what may differ: position, also size and shear, or all (default: rigid)",
            ),
            argument(
                "--metric",
                choices=("auto", "correlation_ratio", "mutual_information"),
                default="auto",
                help="how alike images are: 'correlation_ratio' for one modality, 'mutual_information' for CT with MR "
                "or PET (default: by the modalities in the files)",
            ),
            argument(
                "--tool",
                choices=("medproc", "elastix", "ants", "brainsfit"),
                default="medproc",
                help="what registers: this program (default), or another one that is installed",
            ),
            argument("--landmarks-fixed", metavar="F.mrk.json", help="points marked in FIXED, as Slicer saves them"),
            argument(
                "--landmarks-moving",
                metavar="M.mrk.json",
                help="the same points in MOVING: with the same names, or in the same order",
            ),
            argument(
                "--landmarks-for",
                choices=("start", "check", "alone"),
                default="start",
                help="start from the landmarks, only check the result with them, or use nothing else (default: start)",
            ),
            output("T.tfm", "transform that maps points of FIXED to points of MOVING (LPS, mm)"),
            argument("--resampled", metavar="OUT", help="write MOVING on FIXED's grid too"),
        ),
        (
            "register first.nii.gz second.nii.gz -o second_to_first.tfm --resampled second_on_first.nii.gz",
            "register ct.nrrd mr.nrrd --metric mutual_information --landmarks-fixed ct.mrk.json "
            "--landmarks-moving mr.mrk.json -o ct_to_mr.tfm",
        ),
    ),
    Command(
        "compare",
        "say what changed between studies of one patient: report, tables, change map, scene for Slicer",
        (
            argument("studies", metavar="STUDY", nargs="+", help="image of a study, earliest first; two or more"),
            argument(
                "--segmentations",
                metavar="S",
                nargs="+",
                help="label maps of the findings, one per study; - for a study that is to be segmented",
            ),
            argument("--dates", metavar="D", nargs="+", help="dates of the studies as YYYY-MM-DD"),
            argument("--names", metavar="N", nargs="+", help="what to call the studies (default: by their files)"),
            argument("--recipe", metavar="R.json", help="how to enhance, segment, register and compare"),
            argument(
                "--criteria",
                metavar="C",
                help="response criteria with commas between: recist_1_1, irecist, who, volumetric, choi, rano_2, "
                "nodule_growth, ... (default: recist_1_1,volumetric with --segmentations and dates; none for MR of the "
                "head, where no criterion holds for every lesion)",
            ),
            argument(
                "--targets",
                metavar="ID",
                nargs="+",
                help="target lesions of the criteria, by track such as F001 (default: the largest measurable ones)",
            ),
            argument(
                "--organs",
                metavar="ID=ORGAN",
                nargs="+",
                help="organs of tracks, such as F001=liver: RECIST takes at most two targets of one (default: all are "
                "of one organ)",
            ),
            argument("--reader", metavar="NAME", help="who chose the targets and organs (default: the user's name)"),
            argument(
                "--maps",
                metavar="M",
                help="change maps of each pair, with commas between: difference, significant (false discovery rate), "
                "relative, jacobian (local volume), tissue, boundary_shift, functional",
            ),
            argument(
                "--pairs",
                metavar="N-M",
                nargs="+",
                help="later studies to register to each other and compare too, such as 2-3 (each is compared with the "
                "first one anyhow)",
            ),
            output("DIR", "folder to write to; it is made if missing, and other files in it stay"),
        ),
        (
            "compare first.nii.gz second.nii.gz -o comparison",
            "compare first.nii.gz second.nii.gz --maps difference,significant -o comparison",
            "compare first_dicom second_dicom --dates 2024-01-10 2025-01-12 -o comparison",
            "compare s1.nrrd s2.nrrd s3.nrrd --segmentations l1.nrrd l2.nrrd l3.nrrd --criteria recist_1_1 "
            "--targets F001 F003 --reader A.Reader -o comparison",
        ),
    ),
    Command(
        "report",
        "write the report of a saved patient again, with what a reader has decided since",
        (
            argument("patient", metavar="PATIENT.json", help="as `compare` or the panel saves it"),
            argument("--criteria", metavar="C", help="response criteria, with commas between, for the roles given"),
            output("REPORT.html", "one page"),
        ),
        ("report comparison/patient.json -o report.html",),
    ),
    Command(
        "cohort",
        "say how several patients responded: best change of each, as a table or a page with charts",
        (
            argument(
                "patients", metavar="PATIENT.json", nargs="+", help="patients as `compare` with --criteria writes them"
            ),
            argument(
                "--criterion",
                metavar="C",
                default="recist_1_1",
                help="response criterion: recist_1_1, irecist, who, volumetric, choi, ... (default: recist_1_1)",
            ),
            output("COHORT.html|.csv", "page with waterfall, spider and swimmer charts, or a table"),
        ),
        (
            "cohort patient1/patient.json patient2/patient.json -o cohort.html",
            "cohort */patient.json --criterion volumetric -o cohort.csv",
        ),
    ),
)
