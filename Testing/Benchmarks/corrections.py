"""Time that a reader's correction of a patient with many findings keeps Slicer's main thread; the goal is 0.2 s.

    run.py bench corrections, with any of: 100 500 (findings), profile

Simulated findings, each at all of 3 or 6 studies, in a scene of Slicer's own with the Comparison panel of the stand-in
host, a response criterion and a chart. What is timed (processor time) is all that follows a correction: the patient,
its text, segments, tables, places, the chart and the panel. Median and longest of some findings.
"""

import cProfile
import datetime
import os
import pstats
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

CASES = {100: 3, 500: 6}  # studies, by the findings
SIDE, ACROSS = 6, 10  # of a finding's cell in voxels; cells along x and y
TRIED = 5  # findings that are corrected in each way


def main() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    import host

    host.start()
    host.load_module(ROOT / "MedProc/MedProcComparison/MedProcComparison.py")
    print(f"{'processor time of a correction, s':44} {'median':>7} {'longest':>8}")
    for findings, studies in CASES.items():
        if not {"100", "500"} & set(words) or str(findings) in words:
            _time(findings, studies, "profile" in words)


def _time(findings: int, studies: int, profiled: bool) -> None:
    import host
    import slicer

    from MedProcLib.comparison.tracks import clinical, edits
    from MedProcLib.scene.timeline_charts import VOLUMES, add_timeline_chart
    from MedProcLib.scene.timeline_edits import choose_criterion
    from MedProcLib.scene.timeline_roles import with_proposed_roles

    node = _patient_node(findings, studies)
    panel = host.show_module("MedProcComparison", 350)
    panel.setReader("A. Reader")
    panel.choosePatient(node)
    choose_criterion(node, "recist_1_1")
    add_timeline_chart(node, VOLUMES)
    panel.onPatientChanged()
    slicer.app.processEvents()
    point = "S2"
    tried = [f"F{1 + n * findings // TRIED:03d}" for n in range(TRIED)]
    ways: dict[str, list[Callable[[], object]]] = {
        "propose roles": [lambda: panel.edits.edit(with_proposed_roles)],
        "accept": [lambda t=t: panel.edits.edit(lambda p, w, d: edits.accept(p, t, w, d)) for t in tried],
        "reject at one study": [
            lambda t=t: panel.edits.edit(lambda p, w, d: edits.reject(p, t, w, d, point)) for t in tried
        ],
        "undo": [panel.edits.undo] * TRIED,
        "redo": [panel.edits.redo] * TRIED,
        "say where it is": [
            lambda t=t: panel.edits.edit(lambda p, w, d: edits.describe(p, t, w, d, organ="liver")) for t in tried
        ],
        "tumor markers": [
            lambda n=n: panel.edits.edit(
                lambda p, w, d: clinical.with_clinical(
                    p, clinical.clinical_from_dict({"time_points": {point: {"markers_elevated": bool(n % 2)}}}), w, d
                )
            )
            for n in range(TRIED)
        ],
    }
    for way, steps in ways.items():
        seconds = []
        watch = cProfile.Profile()
        for step in steps:
            start = time.process_time()
            if profiled:
                watch.enable()
            step()
            slicer.app.processEvents()
            if profiled:
                watch.disable()
            seconds.append(time.process_time() - start)
        what = f"{findings} findings at {studies} studies, {way}"
        print(f"{what:44} {statistics.median(seconds):7.3f} {max(seconds):8.3f}", flush=True)
        if profiled:
            pstats.Stats(watch).sort_stats("cumulative").print_stats(28)
    host.close_module(panel)
    slicer.mrmlScene.Clear(0)


def _patient_node(findings: int, studies: int):
    """The text node of a patient in a scene of its own; each study has its volume and the outlines of all findings."""
    import slicer

    from MedProcLib.core.geometry import Geometry
    from MedProcLib.core.provenance import Provenance
    from MedProcLib.core.recipe import Recipe
    from MedProcLib.scene.hierarchy import add_folder, add_patient, add_study, place_under
    from MedProcLib.scene.timeline_scene import TimePointNodes, add_timeline
    from MedProcLib.scene.volumes import volume_from_image

    scene = slicer.mrmlScene
    patient = _patient(findings, studies)
    labels = np.zeros((-(-findings // ACROSS**2) * SIDE, ACROSS * SIDE, ACROSS * SIDE), np.int16)
    for number in range(findings):
        z, y, x = (int(n) * SIDE for n in np.unravel_index(number, (1 + findings // ACROSS**2, ACROSS, ACROSS)))
        labels[z + 1 : z + 4, y + 1 : y + 4, x + 1 : x + 4] = number + 1
    grid = Geometry(tuple(reversed(labels.shape)), (1.0,) * 3, (0.0,) * 3, tuple(map(float, np.eye(3).ravel())))
    item, nodes = add_patient(scene, "Many"), {}
    for point in patient.time_points:
        study = add_study(scene, item, point.id, point.date)
        volume = volume_from_image(grid.image_of((labels > 0).astype(np.float32)), f"CT {point.id}", scene)
        place_under(volume, study)
        nodes[point.id] = TimePointNodes(volume, grid.image_of(labels), study)
    return add_timeline(
        patient, nodes, add_folder(scene, item, "Comparison"), Provenance(Recipe(), {}), "Many findings", scene
    )


def _patient(findings: int, studies: int):
    """Findings that grow, shrink or stay, with the measurements that a comparison makes."""
    from MedProcLib.comparison.tracks.extend import extend
    from MedProcLib.comparison.tracks.model import Estimate, Observation, Patient, TimePoint
    from MedProcLib.comparison.tracks.pieces import Pieces
    from MedProcLib.core.measurement import Measurement

    random = np.random.default_rng(0)
    places = np.array(np.unravel_index(np.arange(findings), (8, 8, 8))).T * 30.0
    radii, growth = random.uniform(4, 8, findings), random.normal(1, 0.06, findings)
    patient = Patient("Many")
    for number in range(studies):
        point = TimePoint(f"S{number + 1}", date=datetime.date(2024, 1, 1) + datetime.timedelta(60 * number))
        sizes = radii * growth**number
        patient = extend(patient, point, Pieces.of_balls(places, 4 / 3 * np.pi * sizes**3))

    def measured(observation: Observation) -> Observation:
        volume = observation.place.volume_mm3
        length = 2 * float(np.cbrt(volume * 0.75 / np.pi))
        figures = {
            "voxel_volume": (volume, "mm3"),
            "long_diameter": (length, "mm"),
            "short_diameter": (0.8 * length, "mm"),
            "mean": (40.0, "HU"),
        }
        estimates = tuple(
            Estimate(Measurement(name, value, unit), 0.95 * value, 1.05 * value)
            for name, (value, unit) in figures.items()
        )
        return replace(observation, estimates=estimates, border_mm=0.2)

    return patient.with_tracks(
        *(replace(track, observations=tuple(map(measured, track.observations))) for track in patient.tracks)
    )


if __name__ == "__main__":
    main()
