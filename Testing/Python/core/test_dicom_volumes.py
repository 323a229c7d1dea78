"""Series that hold several images of the same places: their volumes are listed, and chosen by number."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.files import file_of, read_image_file

from .test_dicom import enhanced, write_series

PLACES, VALUES = 4, 3


def several(folder, change):
    """A series with VALUES images of each of PLACES, all in one folder; change(header, volume) tells them apart.

    Its voxels are 10 times the volume (from 1) and the place; files and instance numbers tell nothing.
    """
    rng = np.random.default_rng(3)
    for volume in range(1, VALUES + 1):
        write_series(folder / "one", np.arange(PLACES) * 2.5)
        for path in (folder / "one").iterdir():
            made = pydicom.dcmread(path)
            made.PixelData = (made.pixel_array + 10 * volume).tobytes()
            made.InstanceNumber = int(rng.integers(1000))
            change(made, volume)
            made.save_as(folder / f"{rng.integers(10**9)}")
            path.unlink()
    (folder / "one").rmdir()


def means(path):
    return sitk.GetArrayFromImage(read_image_file(path).image).mean(axis=(1, 2)).tolist()


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_image_file(path)
    return str(caught.value)


def set_b(made, volume):
    if volume < VALUES:  # a value that is not stated is one too
        made.add_new("DiffusionBValue", "FD", {1: 1000.0, 2: 0.0}[volume])


def set_echo_and_type(made, volume):
    made.EchoTime, made.ImageType = {1: (30, "M"), 2: (30, "P"), 3: (5, "M")}[volume]
    made.AcquisitionNumber = 1


@pytest.mark.parametrize(
    ("change", "listed", "order"),
    [
        (set_b, "#1 b 0 s/mm²; #2 b 1000 s/mm²; #3 b not stated", (2, 1, 3)),
        (set_echo_and_type, "#1 TE 5 ms, type M; #2 TE 30 ms, type M; #3 TE 30 ms, type P", (3, 1, 2)),
        (
            lambda made, volume: setattr(made, "TemporalPositionIdentifier", 4 - volume),
            "#1 time point 1; #2 time point 2; #3",
            (3, 2, 1),
        ),
    ],
)
def test_volumes_are_listed_and_chosen(tmp_path, change, listed, order):
    several(tmp_path, change)
    assert f"holds 3 volumes of the same places; choose one as '{tmp_path}#1#VOLUME': {listed}" in refusal(tmp_path)
    for number, volume in enumerate(order, 1):
        assert means(f"{tmp_path}#1#{number}") == [10 * volume + place for place in range(PLACES)]
    said = listed.split("#2 ")[1].split(";")[0]
    assert read_image_file(f"{tmp_path}#1#2").notes == (f"volume 2 of 3: {said}",)
    assert "#VOLUME" in refusal(f"{tmp_path}#1#4") and file_of(f"{tmp_path}#1#4") == tmp_path


def siemens(made, value):
    made.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", str(value))


def ge(made, value):
    block = made.private_block(0x0043, "GEMS_PARM_01", create=True)
    block.add_new(0x39, "IS", [str(1_000_000_000 + value), "8", "0", "0"])


def philips(made, value):
    made.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "FL", float(value))


@pytest.mark.parametrize("maker", [siemens, ge, philips])
def test_b_values_of_the_makers_own_tags_are_said_beside_what_tells_directions_apart(tmp_path, maker):
    def change(made, volume):
        maker(made, {1: 0, 2: 1000, 3: 1000}[volume])
        made.AcquisitionNumber = volume

    several(tmp_path, change)
    listed = "#1 b 0 s/mm², acquisition 1; #2 b 1000 s/mm², acquisition 2; #3 b 1000 s/mm², acquisition 3."
    assert listed in refusal(tmp_path)
    assert means(f"{tmp_path}#1#3") == [30, 31, 32, 33]


@pytest.mark.parametrize("left", [None, ""])
def test_an_emptied_b_value_does_not_keep_a_series_from_being_read(tmp_path, left):
    def change(made, volume):
        made.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", left)
        made.EchoTime = 10 * volume

    several(tmp_path, change)
    assert "#1 TE 10 ms; #2 TE 20 ms" in refusal(tmp_path)


def test_b_values_are_said_where_images_are_counted(tmp_path):
    def change(made, volume):
        made.InstanceNumber = 10 * volume + int(made.pixel_array.max() % 10)
        siemens(made, {1: 0, 2: 500, 3: 500}[volume])

    several(tmp_path, change)
    assert "#2 b 500 s/mm², image 2 of each place; #3 b 500 s/mm², image 3 of each place" in refusal(tmp_path)


def test_instance_numbers_count_where_no_tag_tells(tmp_path):
    several(
        tmp_path, lambda made, volume: setattr(made, "InstanceNumber", 10 * volume + int(made.pixel_array.max() % 10))
    )
    assert means(f"{tmp_path}#1#2") == [20, 21, 22, 23]
    assert "#3 image 3 of each place" in refusal(tmp_path)


def test_a_single_volume_and_a_file_have_no_second_number(tmp_path):
    write_series(tmp_path, np.arange(PLACES) * 2.5)
    assert means(f"{tmp_path}#1#1") == means(tmp_path) == [0, 1, 2, 3]
    assert "holds 1 volume of the same places" in refusal(f"{tmp_path}#1#2")
    one = next(tmp_path.iterdir())
    assert "holds 1 volume of the same places" in refusal(f"{one}#1#2")
    sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkUInt8), str(tmp_path / "a.nrrd"))
    assert "leave #2 out" in refusal(f"{tmp_path / 'a.nrrd'}#1#2")


def test_volumes_of_an_enhanced_image(tmp_path):
    """Frames of two b-values in turn, from the top down; in a folder too, and each with its own scale."""
    heights = np.repeat([7.5, 5.0, 2.5, 0.0], 2)
    scales = [(1 + number % 2, 100 * (number % 2)) for number in range(8)]
    enhanced(tmp_path / "image.dcm", heights, scales)
    made = pydicom.dcmread(tmp_path / "image.dcm")
    for number, frame in enumerate(made.PerFrameFunctionalGroupsSequence):
        diffusion = pydicom.Dataset()
        diffusion.DiffusionBValue = 800.0 * (number % 2)
        frame.MRDiffusionSequence = [diffusion]
    made.save_as(tmp_path / "image.dcm")
    listed = "holds 2 volumes of the same places; choose one as 'FILE#1#VOLUME': #1 b 0 s/mm²; #2 b 800 s/mm²"
    assert listed in refusal(tmp_path / "image.dcm") and listed in refusal(tmp_path)
    for path in (tmp_path / "image.dcm", tmp_path):
        assert means(f"{path}#1#1") == [6, 4, 2, 0]
        assert means(f"{path}#1#2") == [114, 110, 106, 102]
    found = read_image_file(f"{tmp_path}#1#2")
    assert found.notes == ("volume 2 of 2: b 800 s/mm²",) and found.image.GetSpacing()[2] == pytest.approx(2.5)
    assert means(f"{tmp_path / 'image.dcm'}#3") == [2]  # a single frame, by one number


def test_the_list_of_many_volumes_ends(tmp_path):
    enhanced(tmp_path / "image.dcm", np.tile([0, 2.5], 40))
    said = refusal(tmp_path / "image.dcm")
    assert "holds 40 volumes" in said and said.endswith("#30 image 30 of each place; and 10 more.")
    assert means(f"{tmp_path / 'image.dcm'}#1#40") == [78, 79]
