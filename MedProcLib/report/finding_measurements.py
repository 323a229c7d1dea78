"""Measurements of the findings of a comparison, in both studies of each pair."""

import numpy as np
import SimpleITK as sitk

from ..comparison.result import Comparison, PairComparison
from ..comparison.track_findings import with_tracks
from ..core.progress import SILENT, Progress
from ..core.registry import create_operation
from ..quantification.measure import measure
from ..quantification.row import Row

PairRows = tuple[list[Row], list[Row]]


def measure_findings(comparison: Comparison, progress: Progress = SILENT) -> list[PairRows]:
    """Per pair the rows of its findings in the first and in the other study, measured on the studies' own images.

    Findings are those of the tracks, as a reader may have edited them (with_tracks). A row's segment is its finding's
    number. A study without findings has no rows.
    """
    comparison = with_tracks(comparison)
    shares = progress.parts(*[1.0] * max(1, len(comparison.pairs)))
    return [_measure_pair(comparison, pair, share) for pair, share in zip(comparison.pairs, shares, strict=False)]


def _measure_pair(comparison: Comparison, pair: PairComparison, progress: Progress) -> PairRows:
    names = {finding.number: f"Finding {finding.number}" for finding in pair.findings}
    rows = []
    sides = ((pair.fixed, pair.fixed_labels), (pair.moving, pair.moving_labels))
    for (study, labels), share in zip(sides, progress.parts(1, 1), strict=True):
        present = bool(np.any(sitk.GetArrayViewFromImage(labels)))
        unit = comparison.studies[study].value_unit
        settings = create_operation("quantification.measure", {"intensity_unit": unit})
        rows.append(measure(comparison.studies[study].image, labels, names, settings, share) if present else [])
    return rows[0], rows[1]
