"""How each figure of the report was obtained: definition, unit, code, and the parameters that it depends on."""

from dataclasses import replace

from ..comparison.evaluation import Evaluated
from ..comparison.following import outline_uncertainty_mm
from ..comparison.half_height import HalfHeightOutlines
from ..comparison.response.criteria import criterion
from ..comparison.tracks.model import Estimate
from ..core.measurement import Measurement
from ..core.units import shown
from .html_text import section, table, text
from .timeline import Timeline

DEFINITIONS = {
    "voxel_volume": "Number of voxels inside the outline times the volume of a voxel.",
    "long_diameter": "Longest diameter in a slice of the study, of all slices that show the finding.",
    "short_diameter": "Longest diameter perpendicular to the longest one, in the same slice.",
    "mean": "Mean of the study's own values inside the outline.",
}
INTERVALS = {
    "voxel_volume": "of the true volume: see below",
    "long_diameter": "of the outline's diameter, from the voxel grid",
    "short_diameter": "of the outline's diameter, from the voxel grid",
    "mean": "from noise and the voxels at the border",
}
TITLES = {
    "voxel_volume": "Volume",
    "long_diameter": "Long diameter",
    "short_diameter": "Short diameter",
    "mean": "Mean",
}


def methods_section(timeline: Timeline, evaluated: Evaluated | None) -> str:
    """A table of the measured figures, the rules of class and verdict, and the sources of criteria."""
    lines = [_measured(name, estimate) for name, estimate in _examples(timeline).items()]
    rules = [[f"<b>{text(title)}</b>", text(words)] for title, words in _rules(timeline)]
    if evaluated:
        rules += [
            [f"<b>{text(criterion(e.name).title)}</b>", text(criterion(e.name).source)] for e in evaluated.evaluations
        ]
    return section(
        "How each figure was obtained",
        table(["Figure", "Definition", "Unit", "Code", "Parameters"], lines) if lines else "",
        table(["Rule", "What it says"], rules),
    )


def _examples(timeline: Timeline) -> dict[str, Estimate]:
    """One estimate of each kind, with the unit, code and parameters that all of them have."""
    found: dict[str, Estimate] = {}
    for track in timeline.patient.tracks:
        for observation in track.observations:
            for estimate in observation.estimates:
                if estimate.measurement.name in DEFINITIONS and not estimate.reader:
                    known = found.setdefault(estimate.measurement.name, estimate)
                    found[estimate.measurement.name] = _shared(known, estimate)
    return {name: found[name] for name in DEFINITIONS if name in found}


def _shared(one: Estimate, other: Estimate) -> Estimate:
    """The one with those of its parameters that the other has too: not the slice of a single finding."""
    theirs = other.measurement.parameters
    same = {k: v for k, v in one.measurement.parameters.items() if k in theirs and theirs[k] == v}
    return replace(one, measurement=replace(one.measurement, parameters=same))


def _measured(name: str, estimate: Estimate) -> list[str]:
    m: Measurement = estimate.measurement
    code = f"{m.code.scheme} {m.code.value}" if m.code else "–"
    parameters = ", ".join(f"{key} = {value}" for key, value in m.parameters.items())
    interval = f" 95 % interval {INTERVALS[name]}." if estimate.low is not None else ""
    definition = DEFINITIONS[name] + interval
    return [f"<b>{TITLES[name]}</b>", text(definition), text(shown(m.unit) or "–"), text(code), text(parameters or "–")]


def _of_volume(timeline: Timeline) -> str:
    borders = {o.border_mm for track in timeline.patient.tracks for o in track.observations}
    known = sorted(border for border in borders if border)
    said = []
    if known:
        said.append(
            "It is wider than that from study to study: the lesion's own border may be off from an outline at half "
            f"height by {' or '.join(f'{border:g}' for border in known)} mm (95 %; as of simulated lesions in FLAIR), "
            "in all studies alike, which cancels out in changes."
        )
    if 0.0 in borders:
        said.append("Of what a reader outlined it is that from study to study: the outline says what the lesion is.")
    if None in borders:
        said.append("None is given of other outlines: how far these are from a lesion's own border is not known.")
    return " ".join(said)


def _rules(timeline: Timeline) -> list[tuple[str, str]]:
    settings = timeline.patient.settings
    outline = f", and of the surface times {settings.outline_mm:g} mm" if settings.outline_mm else ""
    anew, of_volume = "", _of_volume(timeline)
    if any(isinstance(operation, HalfHeightOutlines) for _, operation in timeline.comparison.recipe.enabled_steps):
        anew = ", where each study's own image falls to half of the finding's height above the tissue around"
    return [
        (
            "Same finding",
            "Pieces of two time points are one finding by the best joint explanation of distance, overlap and size "
            f"after registration (registration error {settings.registration_error_mm:g} mm); it may be missing at "
            f"{settings.missed} time point(s) and come back.",
        ),
        (
            "Grown, shrunk, stable",
            f"Grown or shrunk: the volume changed by at least {settings.relative_percent:g} % and "
            f"{settings.minimum_mm3:g} mm³{outline}. New, gone, merged, split: by what is there at both time points.",
        ),
        (
            "Beyond measurement error",
            "Yes: the 95 % interval of the relative change excludes no change. Cannot say: it reaches both no change "
            f"and {settings.relative_percent:g} %. No: otherwise. Relative errors of two time points are combined as "
            "independent, on the logarithm (Bland and Altman, Stat. Methods Med. Res. 8, 1999). A percentage is the "
            "volumes' plain ratio; findings.csv also has it without the bias that comes of dividing by a volume with "
            "an error (Tin, J. Am. Stat. Assoc. 60, 1965), which matters for small findings.",
        ),
        (
            "One set of outlines",
            "A finding whose outline did not change with certainty has the outline of the first study there too; "
            f"what is certain to have changed is outlined anew{anew}. Given segmentations stay as they are.",
        ),
        (
            "95 % interval of a change",
            "From the voxel grid and the uncertainty of the border: outlines are taken to be off by up to "
            f"{outline_uncertainty_mm(settings):g} mm from study to study (95 %). "
            "By that another study of the same lesion would differ (volume_repeat in findings.csv). Of what is "
            "new or gone, and of two outlines made in different ways, as when a reader drew one anew, the error of the "
            "border does not cancel out: their change has the intervals of the true volumes.",
        ),
        *([("95 % interval of a volume", of_volume)] if of_volume else []),
        (
            "At the border",
            "A finding in an outermost slice, row or column of an image may go on beyond it: its volume there is the "
            "least it can be, has no interval, and whether it changed cannot be said where that could make the change.",
        ),
        (
            "Totals",
            "Sums of the findings that count. Errors from study to study are taken as independent, those of where the "
            "border of a lesion is as alike in all.",
        ),
    ]
