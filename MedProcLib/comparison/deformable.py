"""Deformable registration: a B-spline on top of an affine transform."""

import SimpleITK as sitk

from ..core.progress import SILENT, Progress, execute
from .alignment import Volume, pyramid

CONTROL_POINT_MM = 30.0
FINEST_MM = 3.0
# a small organ alone in its image still gets this many control points and samples along its longest side
LEAST_CONTROL_POINTS, LEAST_SAMPLES = 4, 40


def deform(
    first: Volume, other: Volume, affine: sitk.Transform, progress: Progress = SILENT
) -> sitk.CompositeTransform:
    """Composite transform first -> other: the affine one after a B-spline with control points every 30 mm, or closer
    where the image is small.

    Source: Rueckert et al., IEEE TMI 1999, with Mattes' mutual information (IEEE TMI 2003) as in SimpleITK.
    """
    extents = [float(max(v.geometry.extent)) for v in (first, other)]
    spacing = max(min(FINEST_MM, extents[0] / LEAST_SAMPLES), max(extents) / 128)
    fixed, moving = pyramid(first, [spacing])[0], pyramid(other, [spacing])[0]
    apart = min(CONTROL_POINT_MM, extents[0] / LEAST_CONTROL_POINTS)
    mesh = [max(1, round(e / apart)) for e in fixed.geometry.extent]
    spline = sitk.BSplineTransformInitializer(fixed.image, mesh, 3)
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)  # the sum over threads would make the last digits vary
    method.SetMetricAsMattesMutualInformation(48)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.25)
    method.SetMetricFixedMask(fixed.inside > 0.99)
    method.SetMetricMovingMask(other.inside > 0.99)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsLBFGSB(gradientConvergenceTolerance=1e-5, numberOfIterations=40)
    method.SetShrinkFactorsPerLevel([1])
    method.SetSmoothingSigmasPerLevel([0])
    method.SetMovingInitialTransform(affine)
    method.SetInitialTransform(spline, inPlace=False)
    found = execute(method, fixed.image, moving.image, progress=progress, message="Deforming")
    return sitk.CompositeTransform([affine, found])
