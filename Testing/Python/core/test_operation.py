"""From one declaration: the call, its checks, and what is known of it."""

from typing import Annotated

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.operation import declared, operation
from MedProcLib.core.parameters import Range
from MedProcLib.core.progress import SILENT, Progress


@operation("test.shift", title="Shift", gives="image", source="made for the test", dimensions=(3,))
class Shift:
    """Add a number to every voxel."""

    amount: Annotated[float, Range(-10, 10, "HU"), "what is added"] = 1.0

    def __call__(self, image, mask=None, labels=None, progress=SILENT):
        progress(0.5, "half way")
        return image + self.amount


def image(size=(4, 5, 6), pixel_type=sitk.sitkFloat32, spacing=(1.0, 2.0, 3.0)):
    made = sitk.Image(list(size), pixel_type) if len(size) > 1 else None
    if made.GetDimension() == 3:
        made.SetSpacing(spacing)
    return made


def test_the_declaration_says_it_all():
    d = declared()["test.shift"]
    assert (d.area, d.title, d.description) == ("test", "Shift", "Add a number to every voxel.")
    assert (d.inputs, d.optional_inputs, d.gives) == (("image",), ("mask", "labels"), ("image",))
    assert d.as_dict()["parameters"][0]["ucum"] == "[hnsf'U]"


def test_the_call_computes():
    assert sitk.GetArrayFromImage(Shift(amount=3)(image())).tolist() == np.full((6, 5, 4), 3.0).tolist()


def test_an_operation_is_a_value():
    assert Shift(amount=2) == Shift(amount=2.0) != Shift()
    assert Shift(amount=2).parameters == {"amount": 2.0}
    with pytest.raises(AttributeError):
        Shift().amount = 5


def test_parameters_are_checked_by_name():
    with pytest.raises(InputError, match="'amount' is 11; allowed: -10 to 10 HU"):
        Shift(amount=11)
    with pytest.raises(InputError, match="no parameter 'size'; it has: amount"):
        declared()["test.shift"].create({"size": 1})


def test_progress_reaches_the_caller_and_cancel_reaches_the_work():
    seen = []
    Shift()(image(), progress=Progress(lambda fraction, message: seen.append((fraction, message))))
    assert seen == [(0.0, "Shift"), (0.5, "half way"), (1.0, "Shift")]
    stop = Progress()
    stop.cancel()
    with pytest.raises(Cancelled):
        Shift()(image(), progress=stop)


def test_a_missing_image_is_named():
    with pytest.raises(InputError, match=r"Shift needs an image \(scalar image\)"):
        Shift()(None)


def test_2d_where_3d_is_needed():
    with pytest.raises(InputError, match="Shift works on 3D images; this image is 2D"):
        Shift()(sitk.Image([4, 4], sitk.sitkInt16))


def test_a_time_series_is_refused():
    with pytest.raises(InputError, match=r"is 4D \(a time series\?\)"):
        Shift()(sitk.Image([4, 4, 4, 2], sitk.sitkInt16))


def test_color_is_refused():
    with pytest.raises(InputError, match="3 values per voxel"):
        Shift()(sitk.Image([4, 4, 4], sitk.sitkVectorUInt8, 3))


def test_complex_values_are_refused():
    with pytest.raises(InputError, match="complex"):
        Shift()(sitk.Image([4, 4, 4], sitk.sitkComplexFloat32))


def test_a_mask_of_another_geometry_is_refused():
    with pytest.raises(InputError, match="geometry of the image and its mask differs"):
        Shift()(image(), mask=image(spacing=(1, 2, 3.5)) + 1)


def test_an_empty_mask_is_refused():
    with pytest.raises(InputError, match="mask is empty: it selects no voxel"):
        Shift()(image(), mask=image())


def test_labels_must_be_whole_numbers():
    with pytest.raises(InputError, match="labels must be a label map of whole numbers, not 32-bit float"):
        Shift()(image(), labels=image())


def test_two_operations_cannot_share_a_name():
    with pytest.raises(TypeError, match=r"Two operations are called 'test\.shift'"):

        @operation("test.shift", title="Other", gives="image", source="made for the test")
        class Other:
            """Something else."""

            def __call__(self, image, progress=SILENT): ...


def test_a_declaration_needs_source_and_known_things():
    with pytest.raises(TypeError, match="needs a docstring and a source"):

        @operation("test.no_source", title="No source", gives="image", source="")
        class NoSource:
            """Something."""

            def __call__(self, image, progress=SILENT): ...

    with pytest.raises(TypeError, match="are not things operations exchange"):

        @operation("test.unknown_thing", title="Unknown", gives="sound", source="made for the test")
        class Unknown:
            """Something."""

            def __call__(self, image, progress=SILENT): ...
