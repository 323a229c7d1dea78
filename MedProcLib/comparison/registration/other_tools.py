"""Registration by elastix, ANTs or BRAINSFit, where the user has them and asks for them: run beside, by files."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..halfway import transform_of

TOOLS = ("elastix", "ants", "brainsfit")
LOOK_AGAIN_S = 0.2
POINTS_PER_SIDE = 12  # control points of a B-spline along the longest side of the image

INSTALL = {
    "elastix": "install it with 'pip install itk-elastix', or put the programs elastix and transformix on the PATH "
    "(Slicer's extension SlicerElastix brings them)",
    "ants": "install ANTs and put its program antsRegistration on the PATH (Slicer's extension SlicerANTs brings it)",
    "brainsfit": "run it in Slicer, which brings BRAINSFit, or put the program on the PATH",
}


def register_with(
    tool: str,
    fixed: sitk.Image,
    moving: sitk.Image,
    kind: str = "rigid",
    masks: tuple[sitk.Image | None, sitk.Image | None] = (None, None),
    progress: Progress = SILENT,
) -> sitk.Transform:
    """The transform first -> other (LPS, mm) that another program finds with mutual information and its own defaults.

    tool: 'elastix', 'ants' or 'brainsfit'; kind: 'rigid', 'affine' or 'deformable'. Raises InputError where the program
    is not there or fails, saying how to get it and what it said; Cancelled, which ends the program.
    Sources: Klein et al., elastix, IEEE TMI 29(1), 2010; Avants et al., Medical Image Analysis 12(1), 2008 (SyN);
    Johnson, Harris, Williams, BRAINSFit, Insight Journal 2007.
    """
    if tool not in TOOLS:
        raise InputError(f"Unknown tool '{tool}'; choose one of {', '.join(TOOLS)}.")
    program = found_program(tool)
    if program is None:
        raise InputError(f"{tool} is not installed: {INSTALL[tool]}.")
    with tempfile.TemporaryDirectory(prefix="medproc_") as name:
        folder = Path(name)
        for side, image in (("fixed", fixed), ("moving", moving)):
            sitk.WriteImage(sitk.Cast(_finite(image), sitk.sitkFloat32), str(folder / f"{side}.mha"))
        for side, mask in zip(("fixed", "moving"), masks, strict=True):
            if mask is not None:
                sitk.WriteImage(mask != 0, str(folder / f"{side}_mask.mha"))
        make, read = WAYS[tool]
        for command in make(program, folder, kind, Geometry.of(fixed)):
            _run(command, folder, tool, progress)
        try:
            return read(folder, kind)
        except RuntimeError as error:
            raise InputError(f"{tool} ended without a transform that can be read ({error}).") from None


def found_program(tool: str) -> list[str] | None:
    """The command that starts a tool; None where it is not installed."""
    if tool == "elastix":
        if shutil.which("elastix") and shutil.which("transformix"):
            return ["elastix"]
        try:
            importlib.metadata.version("itk-elastix")
        except importlib.metadata.PackageNotFoundError:
            return None
        return [sys.executable, "-c", ELASTIX_IN_PYTHON]
    name = {"ants": "antsRegistration", "brainsfit": "BRAINSFit"}[tool]
    path = shutil.which(name) or _of_slicer(name)
    return [path] if path else None


def _of_slicer(name: str) -> str | None:
    """Path of a command-line module of the running Slicer."""
    slicer = sys.modules.get("slicer")  # algorithms do not load it themselves
    module = getattr(getattr(slicer, "modules", None), name.lower(), None)
    return str(module.path) if module is not None and hasattr(module, "path") else None


def elastix_commands(program: list[str], folder: Path, kind: str, grid: Geometry) -> list[list[str]]:
    stages = ["rigid", "affine", "bspline"][: 1 + KINDS.index(kind)]
    for stage in stages:
        (folder / f"{stage}.txt").write_text(_elastix_parameters(stage, grid))
    parameters = [word for stage in stages for word in ("-p", str(folder / f"{stage}.txt"))]
    masks = _given(folder, {"fixed": "-fMask", "moving": "-mMask"})
    images = ["-f", str(folder / "fixed.mha"), "-m", str(folder / "moving.mha")]
    last = folder / f"TransformParameters.{len(stages) - 1}.txt"
    transform = ["-def", "all", "-tp", str(last), "-out", str(folder)]
    if program[0] == "elastix":
        return [["elastix", *images, *masks, *parameters, "-out", str(folder)], ["transformix", *transform]]
    return [[*program, str(folder), *stages]]


def ants_commands(program: list[str], folder: Path, kind: str, grid: Geometry) -> list[list[str]]:
    fixed, moving = (str(folder / f"{side}.mha") for side in ("fixed", "moving"))
    masks = [str(folder / f"{side}_mask.mha") for side in ("fixed", "moving")]
    given = (
        ["-x", ",".join(m if Path(m).exists() else "NULL" for m in masks)] if any(map(os.path.exists, masks)) else []
    )
    # fewer levels where an image is small
    levels = int(np.clip(np.log2(min(n for n in grid.size if n > 1) / 12), 0, 3)) + 1
    shrink = "x".join(str(2**n) for n in reversed(range(levels)))
    smooth = "x".join(str(n) for n in reversed(range(levels))) + "vox"
    metric = ["-m", f"MI[{fixed},{moving},1,32,Regular,0.25]"]
    steps = ["-c", "[" + "x".join(["500"] * (levels - 1) + ["100"]) + ",1e-6,10]", "-f", shrink, "-s", smooth]
    command = [*program, "-d", str(grid.dimension), "-o", str(folder / "ants"), "-z", "1", "--random-seed", "1", *given]
    command += ["-r", f"[{fixed},{moving},1]", "-t", "Rigid[0.1]", *metric, *steps]
    if kind != "rigid":
        command += ["-t", "Affine[0.1]", *metric, *steps]
    if kind == "deformable":
        bent = ["-c", "[" + "x".join(["70"] * (levels - 1) + ["20"]) + ",1e-6,10]", "-f", shrink, "-s", smooth]
        command += ["-t", "SyN[0.1,3,0]", "-m", f"MI[{fixed},{moving},1,32]", *bent]
    return [command]


def brainsfit_commands(program: list[str], folder: Path, kind: str, grid: Geometry) -> list[list[str]]:
    stages = ["Rigid", "Affine", "BSpline"][: 1 + KINDS.index(kind)]
    longest = float(max(grid.extent))
    mesh = [str(max(3, round(POINTS_PER_SIDE * float(e) / longest))) for e in grid.extent]
    masks = _given(folder, {"fixed": "--fixedBinaryVolume", "moving": "--movingBinaryVolume"})
    return [
        [
            *program,
            *("--fixedVolume", str(folder / "fixed.mha"), "--movingVolume", str(folder / "moving.mha")),
            *("--outputTransform", str(folder / "brainsfit.h5"), "--initializeTransformMode", "useGeometryAlign"),
            *("--transformType", ",".join(stages), "--splineGridSize", ",".join(mesh), "--samplingPercentage", "0.1"),
            *(["--maskProcessingMode", "ROI", *masks] if masks else []),
        ]
    ]


KINDS = ("rigid", "affine", "deformable")

# elastix in Python takes a minute to load: another process can be stopped meanwhile
ELASTIX_IN_PYTHON = """
import sys
from pathlib import Path
import itk
folder, stages = Path(sys.argv[1]), sys.argv[2:]
read = lambda name, kind: itk.imread(str(folder / f"{name}.mha"), kind)
parameters = itk.ParameterObject.New()
parameters.ReadParameterFiles([str(folder / f"{stage}.txt") for stage in stages])
masks = {f"{s}_mask": read(f"{s}_mask", itk.UC) for s in ("fixed", "moving") if (folder / f"{s}_mask.mha").exists()}
fixed, moving = read("fixed", itk.F), read("moving", itk.F)
_, found = itk.elastix_registration_method(fixed, moving, parameter_object=parameters, log_to_console=False, **masks)
itk.imwrite(itk.transformix_deformation_field(moving, found), str(folder / "deformationField.mha"))
"""


def _elastix_parameters(stage: str, grid: Geometry) -> str:
    small = min(n for n in grid.size if n > 1)
    resolutions = int(np.clip(np.log2(small / 8), 1, 4))
    transform = {"rigid": "EulerTransform", "affine": "AffineTransform", "bspline": "BSplineTransform"}[stage]
    lines = {
        "FixedInternalImagePixelType": "float",
        "MovingInternalImagePixelType": "float",
        "UseDirectionCosines": "true",
        "Registration": "MultiResolutionRegistration",
        "Interpolator": "BSplineInterpolator",
        "ResampleInterpolator": "FinalBSplineInterpolator",
        "Resampler": "DefaultResampler",
        "FixedImagePyramid": "FixedSmoothingImagePyramid",
        "MovingImagePyramid": "MovingSmoothingImagePyramid",
        "Optimizer": "AdaptiveStochasticGradientDescent",
        "Transform": transform,
        "Metric": "AdvancedMattesMutualInformation",
        "AutomaticScalesEstimation": "true",
        "AutomaticTransformInitialization": "true" if stage == "rigid" else "false",
        "HowToCombineTransforms": "Compose",
        "NumberOfHistogramBins": 32,
        "NumberOfResolutions": resolutions,
        "MaximumNumberOfIterations": 500,
        "NumberOfSpatialSamples": 2048,
        "NewSamplesEveryIteration": "true",
        "ImageSampler": "RandomCoordinate",
        "CheckNumberOfSamples": "false",
        "BSplineInterpolationOrder": 1,
        "FinalBSplineInterpolationOrder": 3,
        "DefaultPixelValue": 0,
        "WriteResultImage": "false",
        "RandomSeed": 1,
        "FinalGridSpacingInPhysicalUnits": float(max(grid.extent)) / POINTS_PER_SIDE,
    }
    quoted = {key: f'"{value}"' if isinstance(value, str) else f"{value}" for key, value in lines.items()}
    return "".join(f"({key} {value})\n" for key, value in quoted.items())


def _read_elastix(folder: Path, kind: str) -> sitk.Transform:
    path = next((p for p in (folder / "deformationField.mha", folder / "deformationField.mhd") if p.exists()), None)
    if path is None:
        raise RuntimeError("no deformation field")
    field = sitk.ReadImage(str(path), sitk.sitkVectorFloat64)
    if kind == "deformable":
        return sitk.DisplacementFieldTransform(field)
    # the field of a linear transform, at its corners
    grid = Geometry.of(field)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.size], indexing="ij")).reshape(grid.dimension, -1).T
    points = grid.points(corners.astype(float))
    there = points + np.array([field.GetPixel(corner.tolist()) for corner in corners])
    matrix = np.eye(grid.dimension + 1)
    matrix[:-1] = np.linalg.lstsq(np.column_stack([points, np.ones(len(points))]), there, rcond=None)[0].T
    return transform_of(matrix)


def _read_ants(folder: Path, kind: str) -> sitk.Transform:
    linear = sitk.ReadTransform(str(folder / "ants0GenericAffine.mat"))
    if kind != "deformable":
        return linear
    field = sitk.ReadImage(str(folder / "ants1Warp.nii.gz"), sitk.sitkVectorFloat64)
    return sitk.CompositeTransform([linear, sitk.DisplacementFieldTransform(field)])


def _read_brainsfit(folder: Path, kind: str) -> sitk.Transform:
    return sitk.ReadTransform(str(folder / "brainsfit.h5"))


Commands = Callable[[list[str], Path, str, Geometry], list[list[str]]]
Reader = Callable[[Path, str], sitk.Transform]
WAYS: dict[str, tuple[Commands, Reader]] = {
    "elastix": (elastix_commands, _read_elastix),
    "ants": (ants_commands, _read_ants),
    "brainsfit": (brainsfit_commands, _read_brainsfit),
}


def _given(folder: Path, options: dict[str, str]) -> list[str]:
    masks = {option: folder / f"{side}_mask.mha" for side, option in options.items()}
    return [word for option, path in masks.items() if path.exists() for word in (option, str(path))]


def _finite(image: sitk.Image) -> sitk.Image:
    values = sitk.GetArrayFromImage(image).astype(np.float32)
    finite = np.isfinite(values)
    return Geometry.of(image).image_of(np.where(finite, values, values[finite].min() if finite.any() else 0))


def _run(command: list[str], folder: Path, tool: str, progress: Progress) -> None:
    """Run a program to its end; a wish to stop ends it at once. Raises InputError with its last words."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, cwd=folder)
        try:
            while process.poll() is None:
                progress(0.5, f"{tool} is running")
                time.sleep(LOOK_AGAIN_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            said.seek(0)
            words = [line for line in said.read().decode(errors="replace").splitlines() if line.strip()][-3:]
            raise InputError(f"{tool} failed: {' '.join(words) or f'exit code {process.returncode}'}")
