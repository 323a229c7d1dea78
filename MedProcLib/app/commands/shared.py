"""Arguments that several commands take."""

from ..command import Argument, argument

IMAGE = argument(
    "image",
    metavar="IMAGE",
    help="NRRD, NIfTI, MetaImage or DICOM file, or DICOM folder (#N after it: series, frame or time point N; #N#M: "
    "volume M of series N)",
)
MASK = argument("--mask", metavar="M", help="region to work in: an image on IMAGE's grid, inside where it is not 0")
OPERATION = argument("--operation", metavar="NAME", alone=True, help="one operation, by name (see `operations`)")
RECIPE = argument(
    "--recipe",
    metavar="R.json",
    alone=True,
    help="several operations in order, from a recipe file, or as a result was made: an image that MedProc wrote",
)
PARAMETER = argument(
    "-p",
    dest="parameters",
    metavar="KEY=VALUE",
    action="append",
    default=[],
    help="value of a parameter of the operation (`operations` lists them); may be given again for others",
)
UNIT = argument("--unit", metavar="U", help="unit of IMAGE's values: SUV, 'um2/s', ms, ... (default: HU for CT)")
NAMES = argument(
    "--names",
    metavar="NAME",
    nargs="+",
    help="names of labels: 1=Liver 2=Spleen, or a file that names them: JSON, a table of labels or colors of ITK-SNAP, "
    "3D Slicer or BIDS, another segmentation (default: those in SEG, or beside it under its name)",
)


def output(metavar: str, help: str) -> Argument:
    return argument("-o", "--output", metavar=metavar, required=True, help=help)
