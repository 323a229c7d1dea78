"""Where bone ends in CT, and what it holds."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy.contrast import beside_bone, parted_from
from MedProcLib.segmentation.anatomy.ct_bones import CtBones
from MedProcLib.segmentation.anatomy.inside_trunk import inside_trunk
from MedProcLib.segmentation.anatomy.marrow import with_marrow
from MedProcLib.segmentation.anatomy.refine import refined

from .torso import torso, truth

AIR, MUSCLE, CORTEX, SPONGY, CORD, FATTY = -1000.0, 50.0, 800.0, 200.0, 30.0, -120.0
LENGTH_MM, OUTER_MM, INNER_MM = 66.0, 12.0, 8.0
CUBE = Geometry((24, 24, 24), (1.0,) * 3, (0.0,) * 3, (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))


@pytest.mark.parametrize("side_mm", [1.0, 2.0])
def test_the_border_of_dense_bone_is_where_it_is_and_not_where_its_blur_ends(side_mm):
    count = round(LENGTH_MM / side_mm)
    axis = (np.arange(count) - (count - 1) / 2) * side_mm
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    radius = np.hypot(x + 0.1 * z, y)
    values = np.where(np.hypot(x, y) < 28, MUSCLE, AIR)
    values[radius < OUTER_MM] = CORTEX
    values[radius < INNER_MM] = SPONGY
    image = sitk.GetImageFromArray(ndimage.gaussian_filter(values, 1.2 / side_mm).astype(np.float32))
    image.SetSpacing([side_mm] * 3)
    found = sitk.GetArrayFromImage(CtBones()(image)) > 0
    # 110 HU, 1.7 mm farther out, would make it 30 % too large
    assert np.count_nonzero(found) == pytest.approx(np.count_nonzero(radius < OUTER_MM), rel=0.08)


def test_marrow_is_filled_in_small_cavities_and_behind_gaps_but_not_the_canal():
    bone = np.zeros((20, 36, 32), bool)
    bone[:, 2:34, 2:30] = True
    canal, marrow = np.zeros_like(bone), np.zeros_like(bone)
    canal[:, 5:20, 8:23] = True
    marrow[4:16, 24:32, 4:28] = True
    pit = (12, 10, 4)
    cortex = bone & ~canal & ~marrow
    cortex[pit] = False
    cortex[9, 32:34, 8:10] = False  # a gap of 3 mm to the marrow
    values = np.where(cortex, CORTEX, np.where(bone, CORD, MUSCLE)).astype(np.float32)
    values[marrow] = np.where(np.indices(bone.shape)[2] // 4 % 2, SPONGY, FATTY)[marrow]
    grid = Geometry(bone.shape[::-1], (1.5,) * 3, CUBE.origin, CUBE.direction)
    whole = with_marrow(cortex, values, grid, 25.0, np.ones_like(bone))
    assert whole[pit]
    assert whole[marrow].mean() > 0.99
    assert not whole[canal].any()
    assert np.count_nonzero(whole & ~bone) == 0


@pytest.mark.parametrize("turn", [0.0, 20.0])
def test_marrow_of_a_vertebra_needs_no_closed_cortex_and_leaves_its_canal(turn):
    """In some slices the body opens into the canal, in others to the front. The marrow has 100 HU, the cord 30."""
    side = 1.5
    y, x = (np.indices((16, 64, 50)).T - (8, 26, 25)).T[1:] * side
    turn = np.deg2rad(turn)
    x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    marrow = (x / 20) ** 2 + (y / 15) ** 2 < 1
    canal = (x / 10) ** 2 + ((y - 27) / 9) ** 2 < 1
    shell = ((x / 23) ** 2 + (y / 18) ** 2 < 1) | ((x / 13.5) ** 2 + ((y - 27) / 12.5) ** 2 < 1)
    shell[6:] &= ~((np.abs(x) < 3.5) & (y > 0) & (y < 25))[6:]
    shell[:6] &= ~((np.abs(x) < 5) & (y < 0))[:6]
    bone = shell & ~marrow & ~canal
    body = x**2 + (y - 10) ** 2 < 45**2
    values = np.select([bone, marrow, canal, body], [400.0, 100.0, 30.0, 50.0], -1000.0)
    values = (values + np.random.default_rng(0).normal(0, 10, values.shape)).astype(np.float32)
    grid = Geometry((50, 64, 16), (side,) * 3, (0.0,) * 3, tuple(np.eye(3).ravel()))
    found = with_marrow(bone, values, grid, 25.0, body)
    assert found[marrow].mean() > 0.95
    assert found[canal].mean() < 0.05
    assert not (found & ~shell & ~marrow & ~canal & (np.abs(x) > 5)).any()


@pytest.mark.parametrize("open_mm", [9.0, 15.0])
def test_fat_marrow_that_is_open_in_a_few_slices_is_filled_as_above_and_below(open_mm):
    """A tube whose side is open; beside it two plates that nothing closes in, one above the other."""
    z, y, x = (np.indices((24, 40, 60)).T - (12, 20, 20)).T * 1.5
    radius = np.hypot(x, y)
    opened = (z >= 0) & (z < open_mm) & (x > 0) & (np.abs(y) < 4)
    plates = (np.abs(x - 42) < 8) & (np.abs(y) < 8) & ((np.abs(z) > 4.5) & (np.abs(z) < 8))
    bone = ((radius < 18) & (radius > 14) & ~opened) | plates
    marrow = (radius < 14) & (z >= 0) & (z < open_mm)
    values = np.select([bone, radius < 14], [CORTEX, FATTY], MUSCLE).astype(np.float32)
    grid = Geometry(bone.shape[::-1], (1.5,) * 3, CUBE.origin, CUBE.direction)
    found = with_marrow(bone, values, grid, 25.0, np.ones_like(bone))
    assert found[(radius < 14) & ((z < 0) | (z >= open_mm))].mean() > 0.99
    share = found[marrow].mean()
    assert share > 0.4 if open_mm < 12 else share == 0
    assert not (found & ~bone & (radius > 18)).any()


def test_marrow_of_young_thighs_is_as_even_as_the_canal_of_the_spine_but_lies_aside():
    """Red marrow of 40 HU was left out where its slice closed it in; without a spine a thigh was the midline."""
    y, x = np.mgrid[-30:30, -85:85] * 1.5
    ring = [np.broadcast_to(np.hypot(x - middle, y - 15) < 16, (12, *x.shape)) for middle in (-90, 0, 90)]
    hole = [np.broadcast_to(np.hypot(x - middle, y - 15) < 13, (12, *x.shape)) for middle in (-90, 0, 90)]
    grid = Geometry(ring[0].shape[::-1], (1.5,) * 3, CUBE.origin, CUBE.direction)
    for spine in (True, False):
        tubes, hollow = (ring, hole) if spine else (ring[::2], hole[::2])
        bone = np.logical_or.reduce(tubes) & ~np.logical_or.reduce(hollow)
        values = np.where(bone, CORTEX, 40.0).astype(np.float32)
        found = with_marrow(bone, values, grid, 25.0, np.ones_like(bone))
        assert found[hole[0] | hole[2]].all() and not found[hole[1]].any()


@pytest.mark.parametrize("joint_mm", [3.0, 24.0])
def test_a_sacrum_with_pierced_cortex_and_fat_marrow_is_filled_between_the_hips(joint_mm):
    """Its front is open in two places. Where no bone joins the hips what lies between is none of it."""
    _, y, x = (np.indices((12, 60, 90)).T - (0, 29.5, 44.5)).T * 3.0
    body = (x / 130) ** 2 + (y / 88) ** 2 < 1
    hips = (np.abs(np.abs(x) - 60 - 0.45 * (40 - y)) < 7) & (y > -40) & (y < 62)
    end = 60 - 0.45 * 25 - joint_mm
    sacrum = (np.abs(x) < end) & (y > 20) & (y < 56)
    marrow = sacrum & (np.abs(x) > 5) & (np.abs(x) < end - 5) & (y > 25) & (y < 51)
    holes = (np.abs(np.abs(x) - 20) < 6) & (y < 25) & sacrum
    bone = (hips | sacrum) & ~marrow & ~holes
    values = np.select([bone, marrow | holes, body], [400.0, -60.0, 50.0], -1000.0).astype(np.float32)
    grid = Geometry((90, 60, 12), (3.0,) * 3, CUBE.origin, CUBE.direction)
    found = with_marrow(bone, values, grid, 25.0, body)
    share = found[marrow].mean()
    assert share > 0.85 if joint_mm < 6 else share == 0
    assert not (found & ~hips & ((y < 20) | (y > 66))).any()


def test_what_a_slice_lost_within_a_region_stays_and_what_is_open_does_not():
    region = np.zeros((24, 24, 24), bool)
    region[4:20, 4:20, 4:20] = True
    values = np.where(region, 300.0, 0.0).astype(np.float32)
    within, at_the_side = (19, 12, 12), (10, 12, 19)
    values[within], values[at_the_side] = 100.0, 100.0
    image = CUBE.image_of(values)
    given = {"image": image, "regions": {1: region}, "grid": CUBE, "belongs": lambda hu: hu > 200}
    assert refined(**given)[within] == 0
    solid = refined(**given, solid=True)
    assert solid[within] == 1 and solid[at_the_side] == 0
    assert np.count_nonzero(solid) == np.count_nonzero(region) - 1


def test_a_limit_is_taken_off_the_values_before_they_decide():
    region = np.zeros((24, 24, 24), bool)
    region[4:20, 4:20, 4:20] = True
    ramp = np.broadcast_to(np.arange(24.0, dtype=np.float32), region.shape)
    found = refined(CUBE.image_of(ramp), {1: region}, CUBE, lambda above: above > 0, limit=np.full(region.shape, 18.0))
    assert np.unique(np.nonzero(found[12, 12])).tolist() == [*range(6, 18), 19, 20, 21]


def test_a_coarse_voxel_belongs_to_what_more_than_half_of_it_is_in():
    """Voxels of 4 mm over a grid of 1 mm; the block's ends fill three quarters, then a quarter of a voxel."""
    grid = Geometry((32, 32, 32), (1.0,) * 3, (0.0,) * 3, CUBE.direction)
    region = np.zeros((32, 32, 32), bool)
    region[4:28, 4:28, 5:27] = True
    coarse = Geometry((8, 8, 8), (4.0,) * 3, (1.5,) * 3, CUBE.direction)
    given = {"regions": {1: region}, "grid": grid, "belongs": lambda hu: hu > 200}
    work = np.where(region, 300.0, 0.0).astype(np.float32)
    # the coarse image's own values would say otherwise
    own = np.random.default_rng(0).uniform(0, 100, (8, 8, 8)).astype(np.float32)
    found = refined(coarse.image_of(own), **given, work=work)
    assert np.nonzero(found[4, 4])[0].tolist() == [1, 2, 3, 4, 5, 6]
    region[..., 5:7] = False
    found = refined(coarse.image_of(own), **given, work=np.where(region, work, 0))
    assert np.nonzero(found[4, 4])[0].tolist() == [2, 3, 4, 5, 6]
    sides = Geometry((64,) * 3, (0.5,) * 3, (-0.25,) * 3, CUBE.direction)
    fine = refined(sides.image_of(ndimage.zoom(own, 8)), **given, work=work)
    assert fine[32, 32, 16] == 0 and fine[32, 32, 32] == 1


def test_a_brain_is_no_marrow_also_where_the_skull_is_narrow_and_open_slices_lie_between():
    """A ball in a shell, below it two hollows as narrow as marrow; noise as between brain and water."""
    z, y, x = np.indices((64, 64, 64)) * 1.5 - 48
    skull, brain = (np.sqrt(x**2 + y**2 + (z - 6) ** 2) < radius for radius in (40, 34))
    fossa = (np.hypot(np.abs(x) - 14, y) < 11) & (z < -24) & (z > -42)
    bone = (skull | ((np.hypot(np.abs(x) - 14, y) < 17) & (z < -18) & (z > -46))) & ~brain & ~fossa
    bone[13, :, 32:] = False  # a slice in which one of the hollows is open
    values = np.where(bone, CORTEX, MUSCLE).astype(np.float32)
    values[brain | fossa] = np.where(np.random.default_rng(0).random(values.shape) < 0.1, 400, 35)[brain | fossa]
    grid = Geometry(bone.shape[::-1], (1.5,) * 3, CUBE.origin, CUBE.direction)
    whole = with_marrow(bone, values, grid, 25.0, np.ones_like(bone))
    assert np.count_nonzero(whole & (brain | fossa)) < 0.01 * np.count_nonzero(brain | fossa)


def test_a_heart_and_a_plaque_between_the_lungs_are_no_bone_however_uneven():
    image = torso()
    grid, known, values = Geometry.of(image), truth(image), sitk.GetArrayFromImage(image).astype(np.float32)
    z, y, x = (np.indices(values.shape).T - (26.5, 40.5, 49.5)).T * 3.0
    heart = (x / 34) ** 2 + ((y + 25) / 34) ** 2 + (z / 36) ** 2 < 1
    plaque = (x - 6) ** 2 + (y + 25) ** 2 + (z - 60) ** 2 < 8**2
    values[heart] = (300 + 90 * np.sin(x / 4) * np.sin(y / 4))[heart]
    values[plaque] = 900
    dense = known["body"] & (values > 110)
    inside = dense & inside_trunk(values, known["body"], grid)[0]
    assert not (inside & known["bone"]).any()
    bone, _ = parted_from(
        dense, dense & (values > 600), dense & (values > 230), np.zeros_like(dense), values, grid, inside=inside
    )
    assert bone[heart | plaque].mean() < 0.1
    assert bone[dense & known["bone"]].mean() > 0.99
    # the same without its lungs
    values[values < -200] = 40
    assert not inside_trunk(values, known["body"], grid)[0].any()


def test_the_last_ribs_lie_deep_under_strong_muscles_and_are_none_of_the_belly():
    """A kidney of the same brightness begins as deep, 48 mm, and reaches farther."""
    z, y, x = (np.indices((44, 96, 116)).T - (0, 47.5, 57.5)).T * 3.0
    body = (x / 160) ** 2 + (y / 130) ** 2 < 1
    lungs = (z > 75) & (((np.abs(x) - 75) / 50) ** 2 + (y / 80) ** 2 < 1)
    spine, rib = np.hypot(x, y - 30) < 18, (np.hypot(x - 84, y - 57) < 6) & (z < 60)
    kidney = (np.hypot(x + 84, y - 34) < 28) & (z < 60)
    values = np.select([spine | rib, kidney, lungs, body], [500.0, 300.0, -800.0, 40.0], -1000.0)
    grid = Geometry((116, 96, 44), (3.0,) * 3, CUBE.origin, CUBE.direction)
    inside, _ = inside_trunk(values, body, grid)
    assert not (inside & (rib | spine)).any()
    assert inside[kidney].mean() > 0.8


def test_bowel_full_of_contrast_is_no_bone_from_the_lungs_down_to_the_pelvis():
    """Lungs end 180 mm above hips; the rim of bowel gas is as dense as lung; aside, it is brighter than the spine."""
    z, y, x = (np.indices((64, 64, 80)).T - (0, 31.5, 39.5)).T * 4.0
    body = (x / 150) ** 2 + (y / 115) ** 2 < 1
    lungs = (z > 228) & (((np.abs(x) - 72) / 45) ** 2 + (y / 70) ** 2 < 1)
    spine = np.hypot(x, y - 45) < 18
    hips = (np.hypot(np.abs(x) - 75, (y - 25) / 2) < 22) & (z < 48)
    bowel = (np.hypot(x - 55, y + 20) < 36) & (z > 56) & (z < 212)
    rim = (np.hypot(x + 30, y + 40) < 20) & (z > 100) & (z < 160)
    values = np.select([spine | hips, bowel, lungs | rim, body], [500.0, 600.0, -800.0, 40.0], -1000.0)
    grid = Geometry((80, 64, 64), (4.0,) * 3, CUBE.origin, CUBE.direction)
    inside, _ = inside_trunk(values, body, grid)
    assert not (inside & (spine | hips)).any()
    assert inside[bowel].mean() > 0.75


def test_an_aorta_that_touches_the_spine_is_no_bone_however_uneven():
    """Without lungs in the image."""
    z, y, x = np.indices((16, 80, 100)) * 2.0
    body = ((x - 100) / 90) ** 2 + ((y - 80) / 75) ** 2 < 1
    to_vertebra, vessel = np.hypot(x - 100, y - 116), np.hypot(x - 108, y - 90) < 12
    values = np.where(body, 40.0, -1000.0)
    values[vessel] = (320 + 60 * np.sin(z / 4) * np.cos(x / 4))[vessel]
    values[to_vertebra < 16] = 700
    values[to_vertebra < 13] = 200
    vertebra = to_vertebra < 16
    grid = Geometry((100, 80, 16), (2.0,) * 3, (0.0,) * 3, tuple(np.eye(3).ravel()))
    bone = sitk.GetArrayFromImage(CtBones()(grid.image_of(values.astype(np.float32)))) > 0
    assert bone[vertebra].mean() > 0.97
    assert bone[vessel & ~vertebra].mean() < 0.12  # where they touch


def test_uneven_marrow_near_bone_is_bone_also_where_a_vessel_is_filled():
    """Its darkest voxels are as dark as what is around, so that the background goes on in it."""
    y, x = np.indices((24, 40, 50))[1:] * 1.5
    to_vertebra, vessel = np.hypot(x - 24, y - 36), np.hypot(x - 46, y - 36) < 9
    values = np.select([vessel, to_vertebra < 12], [250.0, 800.0], 40.0)
    marrow = to_vertebra < 9
    values[marrow] = 125 + np.random.default_rng(0).normal(0, 25, values.shape)[marrow]
    grid = Geometry((50, 40, 24), (1.5,) * 3, CUBE.origin, CUBE.direction)
    dense, sure = values > 110, values > 400
    bone, filled = parted_from(dense, sure, sure, vessel, values, grid)
    beside = beside_bone(dense, bone, filled, grid)
    assert bone[dense & marrow].mean() < 0.5
    assert (bone | beside)[dense & marrow].mean() > 0.99
    assert not (bone | beside)[vessel].any()
