"""Where a finding is at each time point, in world space, through the registrations as they are in the scene now."""

from collections.abc import Mapping, Sequence

import numpy as np

from MedProcLib.comparison.tracks.model import Observation, Patient, Track
from MedProcLib.scene.timeline_nodes import transform_at
from MedProcLib.scene.transforms import points_to_world


def track_places(node, patient: Patient, track: Track) -> Mapping[str, Sequence[float]]:
    """World position (LPS, mm) of a track at every time point, by its id.

    Where it was not observed, it is that of the observation nearest in time (the earlier of two).
    """
    order = patient.order
    places = {}
    for point in patient.time_points:
        nearest = min(track.observations, key=lambda o: abs(order[o.time_point] - order[point.id]))
        places[point.id] = observation_place(node, nearest)
    return places


def observation_place(node, observation: Observation) -> Sequence[float]:
    """World position (LPS, mm) of the center of an observation."""
    return observation_places(node, [observation])[0].tolist()


def observation_places(node, observations: Sequence[Observation]) -> np.ndarray:
    """World positions (n, 3) of the centers of observations; LPS, mm. Each registration is looked up once."""
    places = np.array([o.place.center for o in observations], float).reshape(-1, 3)
    names = np.array([o.time_point for o in observations], object)
    for name in dict.fromkeys(names):
        places[names == name] = points_to_world(transform_at(node, name), places[names == name])
    return places
