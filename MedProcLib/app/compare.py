"""`compare`: what changed between studies of one patient, into a folder."""

import datetime
from argparse import Namespace
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from ..comparison.change_maps import maps_named
from ..comparison.evaluation import OF_DELINEATED_LESIONS, Evaluated, criteria_named, dates_differ, evaluate
from ..comparison.following import unique_names
from ..comparison.pipeline import compare
from ..comparison.register import require_volume
from ..comparison.result import Comparison, Verdict
from ..comparison.study import Study
from ..comparison.tracks.clinical import require_names
from ..comparison.tracks.model import TimePoint, require_track_id
from ..core.atomic import require_writable_folder
from ..core.errors import InputError
from ..core.files import ImageFile, file_of, stem
from ..core.listing import listed
from ..core.progress import Progress
from ..core.recorded import recipe_of_file
from ..scene.headless import import_slicer
from .comparison_files import write_comparison
from .inputs import parse_date, read_labels, read_noted, unit_of_file
from .reader import clinical_of, now, reader_of
from .seeds import read_point_lists
from .segment_names import segment_names
from .summary import summary

NONE = "-"  # in the place of a segmentation that a study lacks
RESULT_ENDINGS = (".nii.gz", ".tfm", ".csv")  # of results whose names depend on what is compared


def run(arguments: Namespace, progress: Progress) -> None:
    _require_counts(arguments)
    require_writable_folder(arguments.output)
    import_slicer()  # says now what is missing for scene.mrb, not after the computation
    recipe = recipe_of_file(arguments.recipe) if arguments.recipe else None
    dates = [parse_date(text) for text in arguments.dates or ()]
    reader = reader_of(arguments)
    criteria = criteria_named(arguments.criteria) if arguments.criteria is not None else None
    maps = maps_named(arguments.maps) if arguments.maps is not None else ()
    also, organs = _pairs(arguments), _organs(arguments)
    clinical = clinical_of(arguments)
    for name in arguments.targets or ():
        require_track_id(name)
    files = [read_noted(path, arguments.notes) for path in arguments.studies]
    arguments.notes += _notes_on_twins(arguments.studies)
    studies = _studies(arguments, files, dates)
    _require_time_order(studies)
    if criteria is not None:
        _require_dates(studies)
    if clinical is not None:
        points = zip(unique_names(studies), studies, strict=True)
        require_names(clinical, [TimePoint(name, study.name, study.date) for name, study in points])
    comparison = compare(studies, recipe, progress.part(0.02, 0.85), also, maps)
    comparison = replace(comparison, notes=(*comparison.notes, *_notes_on_patients(files)))
    _require_registered(comparison)
    comparison = replace(comparison, notes=(*comparison.notes, *_notes_on_maps(comparison)))
    problem = ""
    try:
        comparison, evaluated = evaluate(comparison, criteria, arguments.targets or (), reader, now(), organs, clinical)
    except InputError as error:  # which findings there are is known only now: what took minutes is not lost
        problem = str(error)
        comparison, evaluated = _without_criteria(comparison, problem)
    arguments.notes.extend(comparison.notes)
    written = write_comparison(comparison, evaluated, Path(arguments.output), progress.part(0.85, 1.0))
    arguments.notes += _notes_on_others(Path(arguments.output), written.values(), arguments)
    print(summary(comparison, evaluated, written))
    if problem:
        raise InputError(
            f"Response criteria were not applied: {problem} All else was written to {arguments.output}; findings.csv "
            "says which findings there are. Correct this and compare again."
        )


def _without_criteria(comparison: Comparison, problem: str) -> tuple[Comparison, Evaluated]:
    """With the roles that are proposed, so that criteria can be applied in the panel or by `report`."""
    known, _ = evaluate(comparison, OF_DELINEATED_LESIONS) if dates_differ(comparison) else (comparison, None)
    return known, Evaluated(note=f"Response criteria were not applied: {problem}")


def _notes_on_twins(paths: Sequence[str]) -> list[str]:
    places = [Path(path).resolve() for path in paths]
    twins = [path for number, path in enumerate(paths) if places[number] in places[:number]]
    return [f"{path} is given more than once: it is compared with itself" for path in dict.fromkeys(twins)]


def _notes_on_others(folder: Path, written: Iterable[Path], arguments: Namespace) -> list[str]:
    """That files of an earlier comparison lie beside those of this one, of fewer studies or maps."""
    given = [
        file_of(path) for path in (*arguments.studies, *(arguments.segmentations or ()), *(arguments.landmarks or ()))
    ]
    known = {path.resolve() for path in (*written, *given)}
    others = sorted(path.name for path in folder.iterdir() if path.resolve() not in known)
    others = [name for name in others if name.endswith(RESULT_ENDINGS)]
    if not others:
        return []
    return [f"{folder} holds files that are not of this comparison, perhaps of an earlier one: {listed(others)}"]


def _require_counts(arguments: Namespace) -> None:
    count = len(arguments.studies)
    if count < 2:
        raise InputError("A comparison needs two or more studies; give the earliest first.")
    for name in ("segmentations", "dates", "names", "landmarks"):
        given = getattr(arguments, name)
        if given is not None and len(given) != count:
            values = f"{len(given)} value{'s' * (len(given) != 1)}"
            raise InputError(f"--{name} has {values} for {count} studies; give one for each, in order.")
    names = arguments.names or ()
    if len(set(names)) < len(names) or not all(name.strip() for name in names):
        raise InputError("--names must differ from each other, and none may be empty.")
    for name in ("targets", "organs", "clinical"):
        if getattr(arguments, name) and arguments.criteria is None:
            raise InputError(f"--{name} says what criteria measure: name these with --criteria, such as recist_1_1.")


def _pairs(arguments: Namespace) -> list[tuple[int, int]]:
    """Places of the later studies that are compared directly."""
    count, found = len(arguments.studies), []
    for text in arguments.pairs or ():
        first, dash, other = text.partition("-")
        numbers = [int(n) if n.isdecimal() else 0 for n in (first, other)]
        if not dash or not 1 < numbers[0] < numbers[1] <= count:
            raise InputError(
                f"--pairs takes numbers of two later studies, the earlier one first, such as 2-3 (of {count} studies); "
                f"'{text}' is none. Each study is compared with the first one anyhow."
            )
        found.append((numbers[0] - 1, numbers[1] - 1))
    return list(dict.fromkeys(found))


def _organs(arguments: Namespace) -> dict[str, str]:
    """Organs by track."""
    found = {}
    for text in arguments.organs or ():
        track, equals, organ = text.partition("=")
        if not (equals and track.strip() and organ.strip()):
            raise InputError(f"--organs: '{text}' is not ID=ORGAN, such as F001=liver.")
        require_track_id(track.strip())
        found[track.strip()] = organ.strip()
    return found


def _studies(arguments: Namespace, files: Sequence[ImageFile], dates: Sequence[datetime.date]) -> list[Study]:
    studies = []
    for number, (file, name) in enumerate(zip(files, arguments.names or _names(arguments.studies), strict=True)):
        require_volume(file.image, f"Study {file.source}")
        given = arguments.segmentations[number] if arguments.segmentations else NONE
        labels = None if given == NONE else read_labels(given, file.image, file.slices)
        called = {} if given == NONE else segment_names(given, None, arguments.notes)
        date = dates[number] if dates else file.date
        marked = arguments.landmarks[number] if arguments.landmarks else NONE
        landmarks = () if marked == NONE else tuple((place, name) for place, _, name in read_point_lists(Path(marked)))
        studies.append(
            Study(
                *(name, file.image, date, labels, None, file.modality, file.source, unit_of_file(file), landmarks),
                names=called,
            )
        )
    return studies


def _names(paths: Sequence[str]) -> list[str]:
    """What the reader knows the studies by: file names, with their folder or a number where these are alike."""
    names = [stem(path) for path in paths]
    if len(set(names)) < len(names):
        names = [f"{Path(path).resolve().parent.name}/{name}" for path, name in zip(paths, names, strict=True)]
    if len(set(names)) < len(names):
        names = [f"{name} ({number})" for number, name in enumerate(names, 1)]
    return names


def _require_time_order(studies: Sequence[Study]) -> None:
    dated = [(study.date, study.name) for study in studies if study.date is not None]
    for (earlier, first), (later, second) in pairwise(dated):
        if earlier > later:
            raise InputError(
                f"The studies are not in time order: {first} is of {earlier}, {second} of {later}; "
                "give the earliest first."
            )


def _require_dates(studies: Sequence[Study]) -> None:
    """Response criteria say what happened when."""
    undated = [study.name for study in studies if study.date is None]
    if undated:
        raise InputError(
            f"Response criteria need the dates of all studies; {undated[0]} has none. Give them as --dates."
        )
    for earlier, later in pairwise(studies):
        if earlier.date == later.date:
            raise InputError(
                f"Response criteria need one study a date; {earlier.name} and {later.name} are both of {later.date}."
            )


def _notes_on_patients(files: Sequence[ImageFile]) -> tuple[str, ...]:
    if len({file.patient for file in files if file.patient}) > 1:
        return ("The studies name different patients (ID, name or birth date): check that they belong together.",)
    return ()


def _notes_on_maps(comparison: Comparison) -> list[str]:
    return [
        f"The map '{each.title}' of {comparison.studies[pair.fixed].name} and {comparison.studies[pair.moving].name} "
        f"was not made: {each.missing}"
        for pair in comparison.all_pairs
        for each in pair.maps
        if each.missing
    ]


def _require_registered(comparison: Comparison) -> None:
    """Without any registration there is no result; of more studies those that could not be registered are named."""
    if all(pair.registration.verdict is Verdict.FAILED for pair in comparison.pairs):
        last = comparison.pairs[-1].registration
        raise InputError(
            f"{comparison.studies[-1].name} cannot be registered to {comparison.studies[0].name}: "
            f"{' '.join(last.reasons)} Check that both show the same part of one patient. Nothing was written."
        )
