"""Contours of radiotherapy as label maps: holes, planes apart from slices, structures by number, what is refused."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from MedProcLib.core.contours import mask_of_contours
from MedProcLib.core.dicom_structure_set import STORAGE, is_structure_set, read_structure_set
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry

# left-handed, oblique, anisotropic
DIRECTION = np.reshape(sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5).GetMatrix(), (3, 3)) * [1, 1, -1]
GRID = Geometry((60, 50, 12), (0.8, 1.1, 3.0), (-40.0, 12.5, 100.0), tuple(DIRECTION.ravel().tolist()))


def circle(center, radius, height, grid=GRID, points=90):
    """A circle of a radius in mm around a place (mm along the rows, along the columns, of the slices)."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    beside = np.column_stack(
        (center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle), angle * 0 + height)
    )
    return np.array(grid.origin) + beside @ np.reshape(grid.direction, (3, 3)).T


@pytest.fixture
def written(tmp_path):
    """written({name: contours}) -> file; without DICOM's mark where bare."""

    def write(structures, frame="1.2.3.4", bare=False, kind="CLOSED_PLANAR"):
        data = Dataset()
        data.SOPClassUID, data.SOPInstanceUID, data.Modality = STORAGE, "1.2.3.9", "RTSTRUCT"
        data.StructureSetROISequence, data.ROIContourSequence = [], []
        for number, (name, contours) in enumerate(structures.items(), 11):
            said, drawn = Dataset(), Dataset()
            said.ROINumber, said.ROIName, said.ReferencedFrameOfReferenceUID = number, name, frame
            drawn.ReferencedROINumber, drawn.ROIDisplayColor, drawn.ContourSequence = number, [255, 0, 51], []
            for points in contours:
                part = Dataset()
                part.ContourGeometricType = kind
                part.NumberOfContourPoints = len(points)
                part.ContourData = [f"{v:.3f}" for v in np.ravel(points)]
                drawn.ContourSequence.append(part)
            data.StructureSetROISequence.append(said)
            data.ROIContourSequence.insert(0, drawn)  # in another order than the names
        path = tmp_path / "rtstruct.dcm"
        if bare:
            pydicom.dcmwrite(path, data, implicit_vr=True, little_endian=True, enforce_file_format=False)
        else:
            data.file_meta = FileMetaDataset()
            data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            data.file_meta.MediaStorageSOPClassUID, data.file_meta.MediaStorageSOPInstanceUID = STORAGE, "1.2.3.9"
            data.save_as(path, enforce_file_format=True)
        return path

    return write


def test_voxels_inside_on_an_oblique_left_handed_grid():
    heights = [3.0 * k for k in range(2, 7)]
    mask = mask_of_contours([circle((24, 27), 15, h) for h in heights] + [circle((24, 27), 5, 9.0)], GRID)
    x, y = np.arange(60) * 0.8, np.arange(50)[:, None] * 1.1
    away = np.hypot(x - 24, y - 27)
    assert np.flatnonzero(mask.any(axis=(1, 2))).tolist() == [2, 3, 4, 5, 6]
    assert (mask[2][np.abs(away - 15) > 0.02] == (away < 15)[np.abs(away - 15) > 0.02]).all()
    ring = (away > 5.02) & (away < 14.98)
    assert mask[3][ring].all() and not mask[3][away < 4.98].any()  # the inner contour is a hole


@pytest.mark.parametrize("step", [1.0, 3.0, 5.0, 6.0])
def test_planes_of_another_image_stand_for_the_slabs_around_them(step):
    """Contours of a cylinder each `step` mm: its volume stays within a slice's at each end."""
    heights = np.arange(6.0, 24.1, step)
    mask = mask_of_contours([circle((24, 27), 15, h, points=360) for h in heights], GRID)
    height = np.count_nonzero(mask.any(axis=(1, 2))) * 3.0
    assert abs(height - len(heights) * step) <= 3.0
    occupied = np.flatnonzero(mask.any(axis=(1, 2)))
    assert (np.diff(occupied) == 1).all()  # no slice between planes is left empty
    assert np.allclose(np.count_nonzero(mask[occupied], axis=(1, 2)) * 0.88, np.pi * 225, rtol=0.01)


def test_parts_apart_stay_apart():
    mask = mask_of_contours([circle((24, 27), 9, h) for h in (3.0, 6.0, 21.0, 24.0)], GRID)
    assert np.flatnonzero(mask.any(axis=(1, 2))).tolist() == [1, 2, 7, 8]


@pytest.mark.parametrize("bare", [False, True])
def test_labels_are_places_in_the_list(written, bare):
    path = written({"Isocenter": [circle((5, 5), 1, 0)[:1]], "GTV": [circle((15, 15), 6, 9.0)]}, bare=bare)
    assert is_structure_set(path)
    found = read_structure_set(path)
    assert {n: (s.name, s.color) for n, s in found.structures.items()} == {2: ("GTV", (1.0, 0.0, 0.2))}
    (labels,) = map(sitk.GetArrayFromImage, found.label_maps(GRID))
    assert set(np.unique(labels)) == {0, 2} and found.frames == {"1.2.3.4"}


def test_structures_that_overlap_are_whole_in_maps_of_their_own(written):
    nodes = [circle((x, 33), 3, 9.0) for x in (8, 33)]
    path = written({"Mass": [circle((20, 20), 6, 9.0)], "Edema": [circle((20, 20), 9, 9.0)], "Nodes": nodes})
    maps = [sitk.GetArrayFromImage(each) for each in read_structure_set(path).label_maps(GRID)]
    assert [np.unique(each).tolist() for each in maps] == [[0, 1, 3], [0, 2]]
    (labels,) = map(sitk.GetArrayFromImage, read_structure_set(path, 2).label_maps(GRID))
    assert (labels == maps[1]).all()
    assert np.count_nonzero(labels == 2) * 0.88 == pytest.approx(np.pi * 81, rel=0.03)
    with pytest.raises(InputError, match=r"no structure #4 .*#1 Mass; #2 Edema; #3 Nodes"):
        read_structure_set(path, 4)


def test_what_lies_elsewhere_or_across_is_refused(written):
    with pytest.raises(InputError, match="no voxel of the image is inside"):
        read_structure_set(written({"A": [circle((20, 20), 6, 900.0)]})).label_maps(GRID)
    across = circle((20, 20), 6, 9.0)
    across[0] += 4 * DIRECTION[:, 2]
    with pytest.raises(InputError, match="do not lie along the slices"):
        read_structure_set(written({"A": [across]})).label_maps(GRID)
    with pytest.raises(InputError, match="no closed contours"):
        read_structure_set(written({"A": [circle((20, 20), 6, 9.0)]}, kind="OPEN_PLANAR"))


def test_cut_off_or_no_structure_set(written, tmp_path):
    path = written({"A": [circle((20, 20), 6, 9.0)]})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"damaged|no closed contours"):
        read_structure_set(path)
    (tmp_path / "text.dcm").write_text("no")
    assert not is_structure_set(tmp_path / "text.dcm") and not is_structure_set(tmp_path)
