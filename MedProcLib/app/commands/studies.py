"""Commands about several studies of a patient, and several patients."""

from ..command import Command, argument
from .shared import output

COMMANDS = (
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
        "resample",
        "bring an image or a segmentation onto the grid of another image, moved by a transform if one is given",
        (
            argument(
                "image",
                metavar="IMAGE",
                help="image, label map or DICOM segmentation on any grid, or contours (RT structure set)",
            ),
            argument("--like", metavar="REFERENCE", required=True, help="image whose grid the result gets"),
            argument(
                "--transform",
                metavar="T.tfm",
                help="maps points of REFERENCE to points of IMAGE, as `register REFERENCE IMAGE` writes it (default: "
                "both lie where their files say)",
            ),
            argument("--inverse", action="store_true", help="the transform maps points of IMAGE to those of REFERENCE"),
            argument(
                "--interpolation",
                choices=("linear", "cubic", "nearest"),
                help="between voxels (default: nearest for label maps, linear for images)",
            ),
            output("OUT", ".nrrd, .nii.gz, .nii or .mha; .seg.nrrd for a segmentation"),
        ),
        (
            "resample lesions_t1.nii.gz --like flair.nii.gz -o lesions_flair.nii.gz",
            "resample second.nii.gz --like first.nii.gz --transform second_to_first.tfm -o second_on_first.nii.gz",
            "resample lesions_first.nii.gz --like second.nii.gz --transform second_to_first.tfm --inverse "
            "-o lesions_second.nii.gz",
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
            argument(
                "--landmarks",
                metavar="M.mrk.json",
                nargs="+",
                help="Slicer's points at the same places of the studies, in one order or of the same names, to "
                "register from and to check with; one list a study, - for one without",
            ),
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
            argument(
                "--clinical",
                metavar="C.json",
                help="what criteria need beside the images: confirmation, radiotherapy, corticosteroids, clinical "
                "state, PET reference regions, nodes, ... (see Docs/command_line.md)",
            ),
            argument(
                "--reader",
                metavar="NAME",
                help="who chose the targets and gave organs and clinical data (default: the user's name)",
            ),
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
            output(
                "DIR",
                "folder to write to; it is made if missing, and other files in it stay. change.nii.gz (1 gained, 2 "
                "lost) is where change was detected, faint change too: it reaches further than the outlines of the "
                "findings (findings_1.nii.gz, ...), which are what is measured",
            ),
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
            argument(
                "--clinical",
                metavar="C.json",
                help="what criteria need beside the images: confirmation, radiotherapy, corticosteroids, clinical "
                "state, PET reference regions, nodes, ... (see Docs/command_line.md)",
            ),
            argument("--reader", metavar="NAME", help="who gave the clinical data (default: the user's name)"),
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
