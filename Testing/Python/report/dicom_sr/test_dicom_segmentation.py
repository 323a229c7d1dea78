"""DICOM segmentations, as highdicom writes them, read as label maps on the series' voxels."""

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.sr.codedict import codes

from MedProcLib.app.main import run
from MedProcLib.core.dicom_segmentation import is_dicom_segmentation, read_dicom_segmentation
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample

SHAPE = (6, 20, 24)


@pytest.fixture
def written(series, tmp_path):
    """written(masks, kind) -> (file of a segmentation of these masks by number, geometry of its series)."""
    source = series(np.zeros(SHAPE, np.int16))
    images = [pydicom.dcmread(file) for file in source.files]
    images.sort(key=lambda image: -float(image.InstanceNumber))  # in the order of the arrays' slices
    for image in images:
        for name in ("PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyTime"):
            setattr(image, name, "")
        image.ReferringPhysicianName = ""

    def write(masks: dict[int, np.ndarray], kind: str = "BINARY"):
        stacked = np.stack([masks[number] for number in sorted(masks)], axis=-1)
        descriptions = [
            hd.seg.SegmentDescription(
                number,
                f"Läsion {number}",
                codes.SCT.Tissue,
                codes.SCT.Tissue,
                hd.seg.SegmentAlgorithmTypeValues.MANUAL,
            )
            for number in range(1, stacked.shape[-1] + 1)
        ]
        made = hd.seg.Segmentation(
            images, stacked, kind, descriptions, hd.UID(), 1, hd.UID(), 1, "M", "M", "1", "1", omit_empty_frames=True
        )
        made.save_as(tmp_path / "seg.dcm")
        return tmp_path / "seg.dcm", source.geometry

    return write


def blocks() -> dict[int, np.ndarray]:
    """Three bodies; the first is in slices 0 and 1 and again in 4, and none is in slice 5."""
    first, second, third = (np.zeros(SHAPE, bool) for _ in range(3))
    first[0:2, 2:6, 3:8] = first[4, 2:6, 3:8] = True
    second[1:4, 10:15, 2:9] = True
    third[2, 15:18, 15:20] = True
    return {1: first, 2: second, 3: third}


def on_series(labels: sitk.Image, geometry: Geometry) -> np.ndarray:
    return sitk.GetArrayFromImage(resample(labels, geometry, interpolator=sitk.sitkNearestNeighbor))


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_segments_on_their_voxels(written, kind):
    masks = blocks()
    file, geometry = written({n: mask * 0.8 if kind == "FRACTIONAL" else mask for n, mask in masks.items()}, kind)
    found = read_dicom_segmentation(file)
    assert is_dicom_segmentation(file) and {n: s.name for n, s in found.structures.items()} == {
        n: f"Läsion {n}" for n in masks
    }
    own = Geometry.of(found.maps[0])
    assert np.allclose(own.spacing, geometry.spacing) and np.allclose(own.direction, geometry.direction, atol=1e-6)
    expected = sum(number * mask.astype(int) for number, mask in masks.items())
    assert (on_series(found.maps[0], geometry) == expected).all()


def test_frames_in_any_order(written):
    file, geometry = written(blocks())
    before = on_series(read_dicom_segmentation(file).maps[0], geometry)
    header = pydicom.dcmread(file)
    pixels = header.pixel_array[::-1]
    header.PerFrameFunctionalGroupsSequence = list(header.PerFrameFunctionalGroupsSequence)[::-1]
    header.PixelData = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    header.save_as(file)
    assert (on_series(read_dicom_segmentation(file).maps[0], geometry) == before).all()


@pytest.mark.parametrize("stated", [None, 1.7])
def test_a_distance_of_slices_that_is_missing_or_wrong(written, stated):
    file, geometry = written(blocks())
    before = on_series(read_dicom_segmentation(file).maps[0], geometry)
    header = pydicom.dcmread(file)
    measures = header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    if "SpacingBetweenSlices" in measures:
        del measures.SpacingBetweenSlices
    if stated:
        measures.SpacingBetweenSlices = stated
    header.save_as(file)
    assert (on_series(read_dicom_segmentation(file).maps[0], geometry) == before).all()


@pytest.mark.parametrize("stated", [None, 1.333])
def test_many_slices_whose_distance_has_no_end_of_digits(written, stated):
    """4/3 mm between 260 slices, of which five have frames; rounded to a thousandth that leads astray."""
    file, geometry = written(blocks())
    header = pydicom.dcmread(file)
    measures = header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SpacingBetweenSlices = stated
    normal = np.reshape(geometry.direction, (3, 3))[:, 2]
    places = np.array([0, 1, 100, 200, 259])
    for group in header.PerFrameFunctionalGroupsSequence:
        plane = group.PlanePositionSequence[0]
        position = np.array([float(value) for value in plane.ImagePositionPatient])
        index = round(float(geometry.indices(position[np.newaxis])[0, 2]))
        moved = position + normal * (places[index] * 4 / 3 - index * geometry.spacing[2])
        plane.ImagePositionPatient = [round(value, 6) for value in moved.tolist()]
    header.save_as(file)
    labels = read_dicom_segmentation(file).maps[0]
    assert labels.GetSize()[2] == 260 and np.isclose(labels.GetSpacing()[2], 4 / 3, atol=1e-5)
    shown = np.flatnonzero(sitk.GetArrayFromImage(labels).any(axis=(1, 2)))
    assert sorted(shown.tolist()) in (places.tolist(), (259 - places)[::-1].tolist())


def test_a_single_slice(written):
    mask = np.zeros(SHAPE, bool)
    mask[3, 4:9, 5:7] = True
    file, geometry = written({1: mask})
    labels = read_dicom_segmentation(file).maps[0]
    assert labels.GetSize()[2] == 1 and (on_series(labels, geometry) == mask).all()


def test_segments_that_overlap_are_apart_and_damage_is_refused(written, tmp_path, capsys):
    masks = blocks()
    masks[3][:] = masks[2]
    file, geometry = written(masks)
    first, second = (on_series(each, geometry) for each in read_dicom_segmentation(file).maps)
    assert (first == masks[1] + 2 * masks[2]).all() and (second == 3 * masks[3]).all()
    assert run(["info", str(file)]) == 0 and "its segments overlap" in capsys.readouterr().out
    file.write_bytes(file.read_bytes()[:-300])
    with pytest.raises(InputError, match="damaged DICOM segmentation"):
        read_dicom_segmentation(file)
    (tmp_path / "text.dcm").write_text("no")
    assert not is_dicom_segmentation(tmp_path / "text.dcm") and not is_dicom_segmentation(tmp_path)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_one_segment_by_its_number(written, kind):
    masks = blocks()
    if kind == "BINARY":
        masks[3][:] = masks[2]
    file, geometry = written(masks, kind)
    found = read_dicom_segmentation(file, 2)
    assert (on_series(found.maps[0], geometry) == 2 * masks[2]).all()
    assert [each.name for each in found.structures.values()] == ["Läsion 2"]
    with pytest.raises(InputError, match=r"no segment #4; there are: #1 Läsion 1; #2 Läsion 2; #3 Läsion 3"):
        read_dicom_segmentation(file, 4)
