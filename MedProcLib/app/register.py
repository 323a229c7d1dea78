"""`register`: the transform from points of the first image to points of the other."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..comparison.alignment.volume import head_points, prepare
from ..comparison.register import metric_for, register
from ..comparison.registration.from_landmarks import register_landmarks
from ..comparison.registration.landmarks import Landmarks, paired
from ..comparison.result import Registration, Verdict
from ..core.atomic import written_together
from ..core.errors import InputError
from ..core.files import ImageFile, require_image_target, require_transform_target, write_transform
from ..core.geometry import Geometry, require_3d, require_scalar, resample
from ..core.progress import Progress
from ..core.recorded import write_result
from ..core.voxels import darkest_value
from .inputs import frame_of_reference, read_noted, require_outputs, said_by, said_of_values
from .seeds import read_point_lists

AGREES_MM = 1.0
ONE_FRAME = (
    "Both images lie in one frame of reference, as those of one examination do: the files say themselves how they lie "
    "to each other."
)


def run(arguments: Namespace, progress: Progress) -> None:
    require_transform_target(arguments.output)
    if arguments.resampled:
        require_image_target(arguments.resampled)
    landmarks_files = (arguments.landmarks_fixed, arguments.landmarks_moving)
    require_outputs([arguments.output, arguments.resampled], arguments.fixed, arguments.moving, *landmarks_files)
    landmarks = _landmarks(arguments)
    files = [read_noted(path, arguments.notes) for path in (arguments.fixed, arguments.moving)]
    fixed, moving = (file.image for file in files)
    require_scalar(fixed, f"Image {arguments.fixed}")
    require_scalar(moving, f"Image {arguments.moving}")
    found = _registration(arguments, files, landmarks, progress.part(0.02, 0.9))
    if found.verdict is Verdict.FAILED:
        raise InputError(
            f"The images cannot be registered: {' '.join(found.reasons)} "
            + (
                ONE_FRAME
                if _one_frame(files)
                else f"Check that both show the same part of one patient.{_with_landmarks(arguments, files)}"
            )
        )
    if found.verdict is Verdict.DOUBTFUL:
        arguments.notes.append(f"the registration is doubtful: {' '.join(found.reasons)}")
    if _one_frame(files):
        arguments.notes += _note_on_moving(fixed, found.transform)
    resampled = None
    if arguments.resampled:
        darkest = darkest_value(moving)
        part = progress.part(0.9, 0.97)
        resampled = resample(moving, Geometry.of(fixed), found.transform, default_value=darkest, progress=part)
    progress.check()
    with written_together():
        write_transform(found.transform, arguments.output)
        if resampled is not None:
            names = ("fixed", "moving", "transform", "metric", "tool", "landmarks_fixed", "landmarks_moving")
            write_result(resampled, arguments.resampled, said_by(arguments, *names), said_of_values(files[1]))
    print(f"Registration ({arguments.transform}, {found.verdict}): {arguments.output}")
    for figure in found.figures:
        name = " ".join([figure.name.replace("_", " "), str(figure.parameters.get("landmark", ""))]).rstrip()
        print(f"  {name}: {figure.value:.4g} {figure.unit}".rstrip())
    if resampled is not None:
        print(f"Moving image on the fixed one's grid: {arguments.resampled}")


def _one_frame(files: list[ImageFile]) -> bool:
    """Whether both images say that they lie in one coordinate system, as those of one examination do."""
    one, two = (frame_of_reference(file.slices) for file in files)
    return one == two != ""


def _with_landmarks(arguments: Namespace, files: list[ImageFile]) -> str:
    """That landmarks may do what the images could not; '' where they were given, or cannot lead."""
    if arguments.landmarks_fixed is not None or arguments.tool != "medproc" or files[0].image.GetDimension() == 2:
        return ""
    return " Three landmarks in each can show how they lie (--landmarks-fixed, --landmarks-moving)."


def _note_on_moving(fixed: sitk.Image, transform: sitk.Transform) -> list[str]:
    points = head_points(prepare(fixed, None, "The first image")) if fixed.GetDimension() == 3 else np.empty((0, 3))
    moved = [np.linalg.norm(np.subtract(transform.TransformPoint(p), p)) for p in points.tolist()]
    if not moved or np.median(moved) <= AGREES_MM:
        return []
    return [
        f"{ONE_FRAME} The transform moves the body by {np.median(moved):.1f} mm (median) from there: use it only if "
        "the patient moved in between."
    ]


def _landmarks(arguments: Namespace) -> Landmarks | None:
    paths = (arguments.landmarks_fixed, arguments.landmarks_moving)
    if all(paths):
        fixed, moving = ([(place, name) for place, _, name in read_point_lists(Path(path))] for path in paths)
        return paired(fixed, moving)
    if any(paths):
        raise InputError("Give landmarks of both images, with --landmarks-fixed and --landmarks-moving.")
    if arguments.landmarks_for == "alone":
        raise InputError("'--landmarks-for alone' needs --landmarks-fixed and --landmarks-moving.")
    return None


def _registration(
    arguments: Namespace, files: list[ImageFile], landmarks: Landmarks | None, progress: Progress
) -> Registration:
    if landmarks is not None and arguments.landmarks_for == "alone":
        for file in files:
            require_3d(file.image, f"Image {file.source}")
        return register_landmarks(landmarks, arguments.transform)
    metric = arguments.metric if arguments.metric != "auto" else metric_for(*(file.modality for file in files))
    return register(
        *(file.image for file in files),
        kind=arguments.transform,
        metric=metric,
        landmarks=landmarks,
        tool=arguments.tool,
        position="near" if arguments.tool == "medproc" and _one_frame(files) else "anywhere",
        landmark_use="start" if arguments.landmarks_for == "alone" else arguments.landmarks_for,
        progress=progress,
    )
