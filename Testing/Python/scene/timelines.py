"""A patient of three time points in the scene, on oblique, left-handed, anisotropic grids that lie turned and moved.

F001 grows from 6 to 7 to 8 mm radius; F002 (5 mm) is gone at the third; F003 comes there (4.5 mm).
"""

import datetime
import functools

import numpy as np
import SimpleITK as sitk
from samples import ball, turned_grid

from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.tracks.follow import Followed, Labelled, follow_findings
from MedProcLib.comparison.tracks.measuring import measure_observations
from MedProcLib.comparison.tracks.model import TimePoint
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.hierarchy import add_folder, add_patient, add_study, place_under
from MedProcLib.scene.timeline_scene import TimePointNodes, add_timeline, write_verdict
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import volume_from_image

GROWS, GOES, COMES = (12.0, 4.0, -5.0), (-14.0, 6.0, 3.0), (2.0, -16.0, 6.0)  # in the common space
RADII = ((6.0, 5.0, None), (7.0, 5.0, None), (8.0, None, 4.5))
MOVES = (
    None,
    sitk.Euler3DTransform((0, 0, 0), 0.10, -0.08, 0.12, (6.0, -4.0, 3.0)),
    sitk.Euler3DTransform((0, 0, 0), -0.07, 0.05, -0.15, (-5.0, 3.0, -2.0)),
)
NAMES = ("First", "Second: one; <&>", "Third")  # a time point is called as its study is


def mirrored(center) -> Geometry:
    """A left-handed oblique grid around an LPS position."""
    grid = turned_grid((52, 46, 30), (1.2, 1.3, 1.9), (10, -20, 35), center)
    axes = np.reshape(grid.direction, (3, 3)) * [1, 1, -1]
    origin = np.asarray(center) - axes @ (np.asarray(grid.spacing) * (np.asarray(grid.size) - 1) / 2)
    return Geometry(grid.size, grid.spacing, tuple(origin.tolist()), tuple(axes.ravel().tolist()))


def image_of(labels: sitk.Image) -> sitk.Image:
    values = np.where(sitk.GetArrayFromImage(labels) > 0, 160, 100) + np.arange(labels.GetSize()[0])
    return Geometry.of(labels).image_of(values.astype(np.float32))


@functools.cache
def followed(moves=MOVES) -> Followed:
    labelled = []
    for number, (name, radii, move) in enumerate(zip(NAMES, RADII, moves, strict=True)):
        to = move or sitk.Transform(3, sitk.sitkIdentity)
        grid = mirrored(to.TransformPoint((0.0, 0.0, 0.0)))
        labels = grid.empty_image()
        for place, radius in zip((GROWS, GOES, COMES), radii, strict=True):
            if radius:
                labels = labels | ball(grid, to.TransformPoint(place), radius)
        point = TimePoint(name, name, datetime.date(2024, 1 + 2 * number, 5))
        labelled.append(Labelled(point, labels, move))
    found = follow_findings(labelled)
    patient = found.patient
    for point, labels in zip(patient.time_points, found.label_maps, strict=True):
        patient = measure_observations(patient, point.id, image_of(labels), labels)
    return Followed(patient, found.label_maps)


def add_to(scene, moves=MOVES):
    """The patient's text node, with all that belongs to it."""
    found = followed(moves)
    item, nodes = add_patient(scene, "Doe"), {}
    for point, labels, move in zip(found.patient.time_points, found.label_maps, moves, strict=True):
        study = add_study(scene, item, point.name, point.date)
        volume, transform = volume_from_image(image_of(labels), f"MR {point.name}", scene), None
        place_under(volume, study)
        if move is not None:
            transform = transform_node_from(move, f"{point.name} to First", scene)
            write_verdict(transform, Verdict.GOOD, ("edges match",))
            volume.SetAndObserveTransformNodeID(transform.GetID())
        nodes[point.id] = TimePointNodes(volume, labels, study, transform)
    results = add_folder(scene, item, "Comparison")
    return add_timeline(found.patient, nodes, results, Provenance(Recipe(), {}), "Doe findings", scene)
