"""Commands about operations, images and their enhancement."""

from ..command import Command, argument
from .shared import IMAGE, MASK, OPERATION, PARAMETER, RECIPE, output

PRESET = argument(
    "--preset",
    metavar="NAME",
    alone=True,
    help="a preset, such as mr_brain_flair or ct_lung (`presets` lists them), or 'auto' for one that suits the image",
)

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
        "presets",
        "list the presets of `enhance` and `segment`, with what each does, needs and consists of; or show one's recipe",
        (
            argument("name", metavar="NAME", nargs="?", help="show the recipe of this one, to change its parameters"),
            argument("-o", "--output", metavar="R.json", help="write it to a file, for --recipe"),
        ),
        ("presets", "presets mr_brain_flair -o flair.json"),
    ),
    Command(
        "info",
        "show an image's geometry, range and unit of values, modality, presets that suit it, names of segments, and "
        "how it was made, as JSON",
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
)
