import numpy as np
import pytest
import SimpleITK as sitk
from skimage.measure import marching_cubes, mesh_surface_area

from MedProcLib.quantification import surface
from MedProcLib.quantification.surface import surface_volume_and_area


def digital_phantom_mask() -> np.ndarray:
    """Mask of the IBSI digital phantom (arXiv 1612.07003): 5 x 4 x 4 voxels of 2 mm without six of them."""
    mask = np.ones((4, 4, 5), bool)
    for x, y, z in [(0, 2, 1), (3, 0, 2), (4, 0, 2), (2, 2, 2), (3, 0, 3), (4, 0, 3)]:
        mask[z, y, x] = False
    return mask


def test_ibsi_digital_phantom():
    mask = digital_phantom_mask()
    volume, area = surface_volume_and_area(mask, (2, 2, 2))
    assert mask.sum() * 8 == 592
    assert volume == pytest.approx(556, abs=0.5)
    assert area == pytest.approx(388, abs=0.5)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 3), (2, 1, 0.5)])
def test_same_as_the_mesh_of_scikit_image(ellipsoid, spacing):
    mask = sitk.GetArrayFromImage(ellipsoid((9, 7, 8), spacing)[0]) > 0
    volume, area = surface_volume_and_area(mask, spacing)
    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(float), 0.5, spacing=spacing[::-1])
    a, b, c = vertices[faces].transpose(1, 0, 2)
    assert volume == pytest.approx(abs(np.einsum("ij,ij->", a, np.cross(b, c)) / 6), rel=0.01)
    assert area == pytest.approx(mesh_surface_area(vertices, faces), rel=0.01)


@pytest.mark.parametrize(("across", "within"), [(10, 0.03), (20, 0.01), (40, 0.004)])
def test_volume_of_a_ball_wherever_it_lies(ellipsoid, across, within):
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(12):
        labels, _ = ellipsoid((across / 2,) * 3, shift=tuple(rng.uniform(-0.5, 0.5, 3)))
        volume, _ = surface_volume_and_area(sitk.GetArrayFromImage(labels) > 0, (1, 1, 1))
        ratios.append(volume / (np.pi / 6 * across**3))
    assert np.mean(ratios) == pytest.approx(1, abs=within)


def test_box_is_exact_but_for_its_rounded_edges():
    mask = np.ones((4, 5, 6), bool)
    volume, area = surface_volume_and_area(mask, (1, 1, 1))
    # cut off: a prism of 1/8 along the edges between voxel centers, and all but 1/48 of the 1/8 at each corner
    assert volume == pytest.approx(120 - 4 * (3 + 4 + 5) / 8 - 8 * (1 / 8 - 1 / 48))
    assert 120 < area < 2 * (20 + 24 + 30)


def test_one_voxel_is_an_octahedron():
    volume, area = surface_volume_and_area(np.ones((1, 1, 1), bool), (2, 2, 2))
    assert volume == pytest.approx(8 / 6)
    assert area == pytest.approx(4 * np.sqrt(3))


def test_does_not_depend_on_the_axes_order_or_direction():
    rng = np.random.default_rng(3)
    mask = rng.random((7, 8, 9)) > 0.6
    expected = surface_volume_and_area(mask, (1, 2, 3))
    assert surface_volume_and_area(mask[::-1, :, ::-1], (1, 2, 3)) == pytest.approx(expected)
    assert surface_volume_and_area(mask.transpose(2, 0, 1), (2, 3, 1)) == pytest.approx(expected)


def test_slabs_make_no_difference(monkeypatch):
    mask = np.random.default_rng(3).uniform(size=(9, 6, 7)) < 0.5
    whole = surface_volume_and_area(mask, (1, 2, 3))
    for cells in (1, 150):
        monkeypatch.setattr(surface, "SLAB_CELLS", cells)
        assert surface_volume_and_area(mask, (1, 2, 3)) == pytest.approx(whole, rel=1e-12)
