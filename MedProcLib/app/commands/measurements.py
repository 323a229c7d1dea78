"""Commands that measure."""

from ..command import Command, argument
from ..help_settings import HelpSettings
from .shared import IMAGE, NAMES, PARAMETER, UNIT, output

# those of quantification.measure, without importing it to show the help
MEASURE_OPERATIONS = ("segment_distances", "calcium_score", "body_composition", "plane_descriptors", "key_points")
MEASURE_GROUPS = ("size", "diameters", "shape", "intensity", "robust", "distribution", "ct", "lung", "intervals", "pet")

COMMANDS = (
    Command(
        "measure",
        "measure every segment of a label map, and every connected component or slice of it",
        (
            IMAGE,
            argument(
                "segmentation",
                metavar="SEG",
                help="label map on IMAGE's grid, DICOM segmentation, or contours (RT structure set; #N after it: "
                "structure N); of a 4D IMAGE one label map for all or each",
            ),
            NAMES,
            argument(
                "--per",
                choices=("segment", "component", "slice"),
                help="what has a row of its own besides each segment (default: components, where there are several)",
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
            argument("--format", choices=("csv", "tsv", "xlsx", "json"), help="default: by the ending of TABLE"),
            argument("--long", action="store_true", help="a line per figure, with its unit, code and parameters"),
            argument("--sr", metavar="REPORT.dcm", help="write a DICOM report (TID 1500) and its segmentation too"),
            argument(
                "--sr-of",
                metavar="DICOM",
                help="DICOM series that the report refers to, where IMAGE was made from it, such as SUV "
                "(default: IMAGE)",
            ),
            argument("--reader", metavar="NAME", help="who answers for the DICOM report"),
            output("TABLE.csv", "table of measurements; .tsv; .xlsx; .json: with all that defines each figure"),
        ),
        (
            "measure brain.nii.gz lesions.nii.gz -o lesions.csv",
            "measure ct.nii.gz organs.nii.gz --names organs.json -o organs.csv",
            "measure thorax.nii.gz lungs.nii.gz --unit HU --group size lung --per slice -o lungs.tsv",
            "measure ct.nii.gz tissues.nii.gz --operation body_composition -p height_m=1.75 -o composition.csv",
            "measure ct.nii.gz organs.nii.gz --operation segment_distances -o distances.csv",
            "measure suv.nrrd tumors.nrrd --group pet -p uptake=percent_of_maximum -o tumors.json",
            "measure suv.nrrd tumors.nrrd --group size pet --sr report.dcm --sr-of pet_dicom -o tumors.csv",
        ),
    ),
    Command(
        "histogram",
        "count the values of each segment in bins, and how much of its volume reaches each value (IVH, DVH)",
        (
            IMAGE,
            argument(
                "segmentation",
                metavar="SEG",
                nargs="?",
                help="label map on IMAGE's grid, DICOM segmentation or contours (default: all of IMAGE)",
            ),
            NAMES,
            argument("--bins", metavar="N", type=int, help="how many (default: by the spread of all values)"),
            argument("--width", metavar="W", type=float, help="width of a bin, in the unit of the values, instead"),
            argument("--limits", metavar=("LOW", "HIGH"), nargs=2, type=float, help="of the first and the last bin"),
            UNIT,
            output("TABLE.csv", "table, a line per segment and bin; all segments share the bins; .tsv; .xlsx"),
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
            argument("--from", dest="start", metavar="L,P,S", help="one end (LPS, mm)"),
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
            output("TABLE.csv", "table, a line per sample with its place (LPS, mm); .tsv; .xlsx"),
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
            argument("mask", metavar="MASK", help="label map on IMAGE's grid, DICOM segmentation or contours"),
            argument("--label", metavar="N", type=int, help="label of the region; needed when MASK has several"),
            argument(
                "--all-labels", action="store_true", help="every label; adds the columns `label` and `label_name`"
            ),
            NAMES,
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
)
