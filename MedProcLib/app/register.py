"""`register`: the transform from points of the first image to points of the other."""

from argparse import Namespace

from ..comparison.register import register
from ..comparison.result import Verdict
from ..core.errors import InputError
from ..core.files import require_image_target, require_transform_target, write_image, write_transform
from ..core.geometry import Geometry, require_3d, resample
from ..core.progress import Progress
from .inputs import read_noted, require_other_file


def run(arguments: Namespace, progress: Progress) -> None:
    require_transform_target(arguments.output)
    if arguments.resampled:
        require_image_target(arguments.resampled)
        require_other_file(arguments.resampled, arguments.fixed, arguments.moving, arguments.output)
    fixed, moving = (read_noted(path, arguments.notes).image for path in (arguments.fixed, arguments.moving))
    require_3d(fixed, f"Image {arguments.fixed}")
    require_3d(moving, f"Image {arguments.moving}")
    found = register(fixed, moving, kind=arguments.transform, progress=progress.part(0.02, 0.9))
    if found.verdict is Verdict.FAILED:
        raise InputError(
            f"The images cannot be registered: {' '.join(found.reasons)} "
            "Check that both show the same part of one patient."
        )
    if found.verdict is Verdict.DOUBTFUL:
        arguments.notes.append(f"the registration is doubtful: {' '.join(found.reasons)}")
    resampled = None
    if arguments.resampled:
        resampled = resample(moving, Geometry.of(fixed), found.transform, progress=progress.part(0.9, 0.97))
    progress.check()
    write_transform(found.transform, arguments.output)
    if resampled is not None:
        write_image(resampled, arguments.resampled)
    print(f"Registration ({arguments.transform}, {found.verdict}): {arguments.output}")
    for figure in found.figures:
        print(f"  {figure.name.replace('_', ' ')}: {figure.value:.4g} {figure.unit}".rstrip())
    if resampled is not None:
        print(f"Moving image on the fixed one's grid: {arguments.resampled}")
