"""Findings of label maps followed over a patient's time points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy.sparse import coo_matrix

from ...core.errors import InputError
from ...core.progress import SILENT, Progress
from ..halfway import transform_of
from .candidates import Shares
from .extend import extend
from .label_pieces import LabelPieces, pieces_of
from .model import Patient, TimePoint
from .overlap import overlap_table
from .settings import Follow


@dataclass(frozen=True)
class Labelled:
    """A time point with its label map of findings (3D, whole numbers, 0 is background).

    from_common: maps points of the common space to points of this time point (LPS, mm), as Registration.transform
    does when the first study is the common space; the time point's matrix when None.
    """

    time_point: TimePoint
    labels: sitk.Image
    from_common: sitk.Transform | None = None

    @property
    def transform(self) -> sitk.Transform:
        if self.from_common is not None:
            return self.from_common
        if self.time_point.transform_file:
            raise InputError(
                f"Time point '{self.time_point.id}' lies under the transform {self.time_point.transform_file}: read it "
                "and give it as from_common."
            )
        return transform_of(np.reshape(self.time_point.matrix, (4, 4)))


@dataclass(frozen=True)
class Followed:
    """The patient with its tracks, and per time point, in its order, the label map whose values observations name."""

    patient: Patient
    label_maps: tuple[sitk.Image, ...]


def follow_findings(
    time_points: Sequence[Labelled],
    settings: Follow = Follow(),  # noqa: B008 (immutable)
    patient_id: str = "",
    who: str = "MedProc",
    when: str = "",
    progress: Progress = SILENT,
) -> Followed:
    """Follow the findings of one or more time points, put in time order when all have a date.

    Each time point is linked to those before with the best explanation of its pieces (see link.link and
    extend.extend). Raises InputError for no time point, ids that are there twice, or a label map that is not one.
    """
    if not time_points:
        raise InputError("Following needs at least one time point.")
    ordered = list(time_points)
    if all(labelled.time_point.date is not None for labelled in ordered):
        ordered.sort(key=lambda labelled: str(labelled.time_point.date))
    patient, earlier = Patient(patient_id, settings=settings), list[Labelled]()
    maps: dict[str, sitk.Image] = {}
    known: dict[str, LabelPieces] = {}
    for labelled, share in zip(ordered, progress.parts(*[1.0] * len(ordered)), strict=True):
        patient, maps[labelled.time_point.id] = _extended(patient, labelled, earlier, known, who, when, share)
        earlier = [*earlier, labelled][-1 - settings.missed :]
        known = {point.time_point.id: known[point.time_point.id] for point in earlier}
    return Followed(patient, tuple(maps[point.id] for point in patient.time_points))


def extend_with_labels(
    patient: Patient,
    labelled: Labelled,
    others: Sequence[Labelled] = (),
    who: str = "MedProc",
    when: str = "",
    progress: Progress = SILENT,
) -> tuple[Patient, sitk.Image]:
    """The patient with one more time point, and the label map whose values its observations name.

    others: the patient's time points with the label maps that their observations name; pieces overlap as these do.
    Of time points that are not given, as balls of their volumes do where none is given, and else not at all.
    """
    return _extended(patient, labelled, others, {}, who, when, progress)


def _extended(
    patient: Patient,
    labelled: Labelled,
    others: Sequence[Labelled],
    known: dict[str, LabelPieces],
    who: str,
    when: str,
    progress: Progress,
) -> tuple[Patient, sitk.Image]:
    components = patient.settings.pieces == "components"
    shares = progress.parts(1, 1)
    mine = pieces_of(labelled.labels, labelled.transform, components, shares[0])
    by_id = {other.time_point.id: other for other in others}

    def overlap(time_point: str, labels: list[tuple[int, ...]]) -> Shares:
        if time_point not in by_id:
            return Shares(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
        if time_point not in known:
            # the observations name the values of these label maps: each is a piece
            known[time_point] = pieces_of(by_id[time_point].labels, by_id[time_point].transform, False)
        return shares_of(known[time_point], labels, mine, shares[1])

    extended = extend(patient, labelled.time_point, mine.pieces, overlap if others else None, who, when)
    known[labelled.time_point.id] = mine
    return extended, _label_map(mine) if components else labelled.labels


def _label_map(found: LabelPieces) -> sitk.Image:
    """The pieces' numbers as an image, in the smallest whole numbers that hold them."""
    return found.grid.image_of(found.numbers.astype(np.min_scalar_type(len(found.pieces))))


def shares_of(
    theirs: LabelPieces, labels: list[tuple[int, ...]], mine: LabelPieces, progress: Progress = SILENT
) -> Shares:
    """Overlap of findings, each one or more labels of a label map, with the pieces of another one."""
    table = overlap_table(theirs, mine, progress)
    place = {int(value): n for n, value in enumerate(theirs.pieces.labels)}
    of_finding = [(row, place[value]) for row, values in enumerate(labels) for value in values if value in place]
    rows, pieces = np.array(of_finding, int).reshape(-1, 2).T
    member = coo_matrix((np.ones(len(rows)), (rows, pieces)), shape=(len(labels), len(theirs.pieces))).tocsr()
    shared = (member @ table.tocsr()).tocoo()
    smaller = np.minimum((member @ theirs.pieces.volumes)[shared.row], mine.pieces.volumes[shared.col])
    return Shares(shared.row.astype(int), shared.col.astype(int), np.minimum(1, shared.data / smaller))
