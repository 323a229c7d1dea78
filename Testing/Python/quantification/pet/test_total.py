import math
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.measure import Measure
from MedProcLib.quantification.pet.total import total_uptake


@pytest.fixture
def images():
    labels = np.zeros((8, 20, 20), np.uint8)
    labels[1:5, 2:8, 2:8], labels[2:6, 12:18, 10:19], labels[6, 1, 1] = 1, 2, 3
    values = np.random.default_rng(0).gamma(3, 2, labels.shape)
    values[labels == 3] = np.nan
    made = [sitk.GetImageFromArray(array) for array in (values, labels)]
    for image in made:
        image.SetSpacing((4, 4, 5))
    return made, values, labels


def test_volumes_add_up_and_the_hottest_counts(images):
    (image, labels), values, numbers = images
    rows = Measure(intensity_unit="SUV", pet=True, uptake="percent_of_maximum", uptake_percent=50)(image, labels)
    total = total_uptake(rows)
    hot = [values[numbers == n][values[numbers == n] >= values[numbers == n].max() / 2] for n in (1, 2)]
    assert total.value("metabolic_volume") == pytest.approx(0.08 * sum(map(len, hot)))
    assert total.value("total_lesion_glycolysis") == pytest.approx(0.08 * sum(map(np.sum, hot)))
    assert total.value("maximum_uptake") == np.nanmax(values[numbers > 0])
    assert total.segment == 0 and total.measurements[2].parameters["segments"] == 3
    assert "threshold_SUV" not in total.measurements[2].parameters


def test_what_does_not_add_up_is_refused(images):
    image, labels = images[0]
    rows = Measure(intensity_unit="SUV", pet=True)(image, labels)
    with pytest.raises(InputError, match="group 'pet' first"):
        total_uptake(Measure()(image, labels))
    with pytest.raises(InputError, match="time series"):
        total_uptake([replace(row, time_point=n) for n, row in enumerate(rows)])
    others = Measure(intensity_unit="SUV", pet=True, uptake="suv", components=False)(image, labels)
    with pytest.raises(InputError, match="do not add up"):
        total_uptake([*rows, *others])
    nothing = total_uptake([row for row in rows if row.segment == 3])
    assert math.isnan(nothing.value("maximum_uptake"))
