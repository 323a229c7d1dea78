"""Siemens mosaics: tiles become slices where they lay in the patient.

The layout of the header was checked on files of the scanners with dcm2niix's images of them; here it is written anew.
"""

import struct

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.uid import MRImageStorage

from MedProcLib.core.files import read_image_file

from .test_dicom import OBLIQUE, ORIGIN, dataset, refusal, write_series

TILES, ROWS, COLUMNS, ACROSS, APART = 7, 4, 6, 3, 3.5
VALUES = np.random.default_rng(5).integers(1, 4000, (TILES, ROWS, COLUMNS))


def siemens_header(**elements) -> bytes:
    """Siemens' image header, version 2: an odd number of values, some empty, as the scanners write them."""
    block = b"SV10\x04\x03\x02\x01" + struct.pack("<II", len(elements), 77)
    for name, values in elements.items():
        items = [str(value).encode() + b"\0" for value in values] + [b""] * (6 - len(values))
        block += name.encode().ljust(64, b"\0") + struct.pack("<i4siii", len(values), b"FD\0\0", 0, len(items), 77)
        for item in items:
            block += struct.pack("<4i", len(item), len(item), 77, len(item)) + item.ljust(-(-len(item) // 4) * 4, b"\0")
    return block


def write_mosaic(path, up=1, header=True, tiles=VALUES, count=TILES, **tags):
    """A mosaic of VALUES, the middle of whose first slice, at ORIGIN plus half of it, is the middle of the mosaic."""
    made = dataset(path, MRImageStorage)
    made.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    made.Rows, made.Columns = ROWS * ACROSS, COLUMNS * ACROSS
    picture = np.zeros((made.Rows, made.Columns), np.int16)
    for k, tile in enumerate(tiles):
        at = (k // ACROSS * ROWS, k % ACROSS * COLUMNS)
        picture[at[0] : at[0] + ROWS, at[1] : at[1] + COLUMNS] = tile
    made.PixelData = picture.tobytes()
    right, down, normal = OBLIQUE.T
    middle = ORIGIN + right * 0.75 * COLUMNS / 2 + down * 1.25 * ROWS / 2
    corner = middle - right * 0.75 * made.Columns / 2 - down * 1.25 * made.Rows / 2
    made.ImagePositionPatient = [f"{v:.9f}" for v in corner]
    made.ImageOrientationPatient = [f"{v:.12f}" for v in OBLIQUE[:, :2].T.ravel()]
    made.SliceThickness, made.SpacingBetweenSlices = 3, APART
    if header:
        block = made.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        normals = [f"{up * v:.8f}" for v in normal]
        block.add_new(
            0x10, "OB", siemens_header(EchoLinePosition=[32], NumberOfImagesInMosaic=[count], SliceNormalVector=normals)
        )
    for name, value in tags.items():
        setattr(made, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize("up", [1, -1])
def test_tiles_are_slices_where_they_lay(tmp_path, up):
    write_mosaic(tmp_path / "m", up)
    found = read_image_file(tmp_path / "m")
    assert found.image.GetSize() == (COLUMNS, ROWS, TILES)
    assert found.image.GetSpacing() == pytest.approx((0.75, 1.25, APART), abs=1e-6)
    assert found.notes == ("7 slices that the file holds as tiles of one image (mosaic)",)
    for k, row, column in ((0, 0, 0), (2, 1, 5), (6, 3, 2)):
        place = ORIGIN + OBLIQUE @ (column * 0.75, row * 1.25, up * k * APART)
        at = found.image.TransformPhysicalPointToContinuousIndex(place.tolist())
        assert np.allclose(at, np.round(at), atol=1e-5)
        assert found.image[tuple(round(v) for v in at)] == VALUES[k, row, column]


def test_mosaics_of_a_series_are_its_volumes(tmp_path):
    write_mosaic(tmp_path / "a", AcquisitionNumber=1)
    write_mosaic(tmp_path / "b", AcquisitionNumber=2, tiles=VALUES + 5)
    assert "#1 acquisition 1; #2 acquisition 2" in refusal(tmp_path)
    second = sitk.GetArrayFromImage(read_image_file(f"{tmp_path}#1#2").image)
    assert np.array_equal(second, VALUES + 5)


def test_a_mosaic_counts_as_a_volume_beside_other_series(tmp_path):
    write_series(tmp_path / "a", np.arange(4) * 2.5)
    write_mosaic(tmp_path / "b", SeriesInstanceUID="1.2.3.2", SeriesNumber=12)
    assert "#2 MR phantom 2024-02-29, 1 mosaic." in refusal(tmp_path)
    assert read_image_file(f"{tmp_path}#2").image.GetSize() == (COLUMNS, ROWS, TILES)


def test_mosaics_of_several_places_are_refused(tmp_path):
    write_mosaic(tmp_path / "a")
    write_mosaic(tmp_path / "b", ImagePositionPatient=[0, 0, 0])
    assert "2 mosaics, each a volume of other places; give one of the files" in refusal(tmp_path)


def test_a_mosaic_without_siemens_header_is_refused(tmp_path):
    write_mosaic(tmp_path / "m", header=False)
    assert "without Siemens' own header (0029,1010)" in refusal(tmp_path / "m")


@pytest.mark.parametrize("count", [0, -3, 1_000_000])
def test_a_count_of_tiles_that_cannot_be_is_refused(tmp_path, count):
    write_mosaic(tmp_path / "m", count=count)
    assert "without Siemens' own header" in refusal(tmp_path / "m")


def test_a_mosaic_of_one_slice_is_as_thick_as_stated(tmp_path):
    write_mosaic(tmp_path / "m", count=1)
    image = read_image_file(tmp_path / "m").image
    assert image.GetSize() == (COLUMNS * ACROSS, ROWS * ACROSS, 1)
    assert image.GetSpacing() == pytest.approx((0.75, 1.25, APART))


@pytest.mark.parametrize("number", ["#5", "#1#9"])
def test_a_number_that_a_mosaic_has_not_is_refused(tmp_path, number):
    write_mosaic(tmp_path / "m")
    assert f"there is no number {number[-1]}" in refusal(f"{tmp_path / 'm'}{number}")


def test_a_damaged_siemens_header_is_refused(tmp_path):
    write_mosaic(tmp_path / "m")
    data = (tmp_path / "m").read_bytes()
    (tmp_path / "m").write_bytes(data.replace(b"SliceNormalVector", b"SliceNormalVectox"))
    assert "without Siemens' own header" in refusal(tmp_path / "m")


def test_a_single_image_of_a_series_of_two_volumes_can_be_chosen(tmp_path):
    write_series(tmp_path / "a", [0.0], EchoTime=30)
    write_series(tmp_path / "b", [0.0], EchoTime=5)
    assert "#1 TE 5 ms; #2 TE 30 ms" in refusal(tmp_path)
    found = read_image_file(f"{tmp_path}#1#2")
    assert found.image.GetSize() == (8, 6, 1) and found.notes[0] == "volume 2 of 2: TE 30 ms"


def test_a_number_of_frames_that_is_none_is_named(tmp_path):
    write_series(tmp_path / "a", np.arange(4) * 2.5)
    write_series(tmp_path / "b", [0.0], SeriesInstanceUID="1.2.3.2")
    path = tmp_path / "b" / "001"
    data = path.read_bytes()
    position = data.index(b"\x28\x00\x10\x00US")  # Rows: NumberOfFrames goes before it
    path.write_bytes(data[:position] + b"\x28\x00\x08\x00IS\x02\x001A" + data[position:])
    assert f"{path} has a damaged header (" in refusal(tmp_path)
