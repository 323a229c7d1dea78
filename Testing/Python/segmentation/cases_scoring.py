"""The score of a bright ball against a larger one."""

import SimpleITK as sitk

from .case import Case, ball_labels


def larger_ball(image: sitk.Image) -> sitk.Image:
    return sitk.BinaryDilate(ball_labels(image), [1] * image.GetDimension())


CASES = {"segmentation.score": [Case(things={"reference_labels": larger_ball})]}
