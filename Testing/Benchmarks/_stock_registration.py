"""Rigid registration as SimpleITK's own examples do it, to compare with."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.halfway import matrix_of


def stock_registration(fixed: sitk.Image, moving: sitk.Image, share: float = 0.01) -> np.ndarray:
    """4 x 4 matrix fixed -> moving: centers of the images brought together, then Mattes mutual information (50 bins,
    1 % of the voxels at random, or another share) by regular-step gradient descent at 1/4, 1/2 and full resolution.
    """
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(share, seed=1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(learningRate=1.0, minStep=1e-4, numberOfIterations=200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method.SetInitialTransform(start, inPlace=False)
    return matrix_of(method.Execute(fixed, moving))
