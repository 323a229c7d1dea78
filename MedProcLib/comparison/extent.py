"""How much of what two studies show was searched for change, and how much of that changed."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from .result import PairComparison, Verdict
from .study import Study

# Of what one study shows, the other usually shows more than this: masks of two scans of one head 93 to 97 %.
SHOWN = 0.85
# Lesions that came or went are less than this of a body (1,335 ml of contrast medium were 11 % of an abdomen, moved
# bowel in MR 4 %, another kernel in CT 0.005 %).
LESIONS = 0.02


def notes_on_extent(studies: Sequence[Study], pairs: Sequence[PairComparison], places: bool) -> list[str]:
    """A note for each pair of which one study shows much less than the other, and, where findings are places where any
    tissue changed, for each in which more changed than lesions make."""
    notes = []
    for pair in pairs:
        if pair.registration.verdict is Verdict.FAILED or pair.fixed_mask is None or pair.moving_mask is None:
            continue
        names = [studies[n].name for n in (pair.fixed, pair.moving)]
        searched = _count(pair.region)
        for mask, (name, other) in zip((pair.fixed_mask, pair.moving_mask), (names, names[::-1]), strict=True):
            share = searched / max(_count(mask), 1)
            if share < SHOWN:
                notes.append(
                    f"Change was looked for where both studies show the body: '{other}' shows {100 * share:.0f} % of "
                    f"what '{name}' does."
                )
        changed = sum(max(finding.volumes_mm3) for finding in pair.findings)
        share = changed / max(searched * Geometry.of(pair.region).voxel_volume, 1e-12)
        if places and share > LESIONS:
            notes.append(
                f"{100 * share:.0f} % of what '{names[0]}' and '{names[1]}' both show is brighter or darker: more than "
                "lesions make as a rule. Contrast medium in one of them, another sequence or another position do that."
            )
    return notes


def _count(mask: sitk.Image) -> int:
    return int(np.count_nonzero(sitk.GetArrayViewFromImage(mask)))
