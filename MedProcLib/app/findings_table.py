"""The list of findings that `segment` writes: one row each, best first."""

from collections.abc import Sequence

from ..segmentation.detection.candidate import Candidate

COLUMNS = [
    "finding",
    "name",
    "volume_mm3",
    "equivalent_diameter_mm",
    "center_l_mm",
    "center_p_mm",
    "center_s_mm",
    "score",
    "expected_false",
    "reason",
    "status",
]


def candidates_table(
    candidates: Sequence[Candidate], names: dict[int, str], dimension: int
) -> tuple[list[str], list[list[object]]]:
    """Columns and lines; names: by label value, 0 for all others; dimension: 2 where sizes are areas.

    Centers are LPS in mm; in 2D there is an area in the place of the volume. The equivalent diameter is that
    of the ball (2D: disk) of this size.
    """
    columns = list(COLUMNS)
    if dimension == 2:
        columns[columns.index("volume_mm3")] = "area_mm2"
        columns.remove("center_s_mm")
    return columns, [
        [
            candidate.number,
            names.get(candidate.number, names.get(0, "")),
            candidate.volume_mm3,
            candidate.diameter_mm,
            *candidate.position[:dimension],
            candidate.score,
            candidate.expected_false,
            candidate.reason,
            "proposed",
        ]
        for candidate in candidates
    ]
