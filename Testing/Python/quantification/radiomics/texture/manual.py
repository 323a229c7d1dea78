"""All texture features of a region by the letter of the IBSI manual: slow, and independent of the package."""

import math
from collections import defaultdict
from itertools import product

from .manual_features import EMPHASIS, cooccurrence_features, emphasis, tone_features
from .manual_matrices import NORMS, cooccurrence, dependence, run_length, tone_difference, vectors, zones


def features(levels, n_levels, morphological, settings):
    """Tag -> value for every family and aggregation. Arrays (z, y, x) as texture_features takes them."""
    region = {k: int(levels[k]) for k in product(*map(range, levels.shape)) if levels[k]}
    mask = {k for k in product(*map(range, levels.shape)) if morphological[k]}
    slices = [{k: v for k, v in region.items() if k[0] == z} for z in sorted({k[0] for k in region})]
    masks = [{k for k in mask if k[0] == next(iter(part))[0]} for part in slices]
    found = {}
    for dim, parts, borders in (("2D", slices, masks), ("3D", [region], [mask])):
        unit = vectors(1, settings.norm, dim)
        if settings.norm == "chebyshev":
            apart = [tuple(int(settings.distance) * c for c in m) for m in unit]
        else:
            near = vectors(settings.distance, settings.norm, dim)
            apart = [m for m in near if NORMS[settings.norm](m) > settings.distance - 1]
        runs = [[run_length(part, m) for m in unit] for part in parts]
        pairs = [[cooccurrence(part, m) for m in apart] for part in parts]
        sizes, distances = zip(
            *(zones(p, b, settings.norm, dim) for p, b in zip(parts, borders, strict=True)), strict=True
        )
        tones = [tone_difference(p, vectors(settings.ngtdm_distance, settings.norm, dim)) for p in parts]
        near = vectors(settings.ngldm_distance, settings.norm, dim)
        dependent = [dependence(p, near, settings.ngldm_alpha) for p in parts]
        nv = [len(p) for p in parts]
        for tag, grid, of in (
            ("cm", pairs, lambda m, n: cooccurrence_features(m, n_levels)),
            ("rlm", runs, lambda m, n: emphasis(m, n)),
        ):
            count = len(grid[0])
            _add(found, tag, f"{dim}_avg", [of(m, n) for row, n in zip(grid, nv, strict=True) for m in row])
            _add(found, tag, f"{dim}_comb", [of(_sum(row), n * count) for row, n in zip(grid, nv, strict=True)])
            if dim == "2D":
                _add(found, tag, "2_5D_avg", [of(_sum(column), sum(nv)) for column in zip(*grid, strict=True)])
                _add(found, tag, "2_5D_comb", [of(_sum(m for row in grid for m in row), sum(nv) * count)])
        for tag, single in (("szm", sizes), ("dzm", distances), ("ngl", dependent)):
            _add(found, tag, dim, [emphasis(m, n) for m, n in zip(single, nv, strict=True)])
            if dim == "2D":
                _add(found, tag, "2_5D", [emphasis(_sum(single), sum(nv))])
        _add(found, "ngt", dim, [tone_features(*t) for t in tones])
        if dim == "2D":
            _add(found, "ngt", "2_5D", [tone_features(_sum(n for n, _ in tones), _sum(s for _, s in tones))])
    return found


def _sum(matrices):
    total = defaultdict(float)
    for matrix in matrices:
        for key, n in matrix.items():
            total[key] += n
    return total


def _add(found, family, aggregation, rows):
    """Average of each feature where it is defined."""
    if family in EMPHASIS:
        names = EMPHASIS[family].split()
        rows = [dict(zip(names, row, strict=False)) for row in rows]
    for name in {name: None for row in rows for name in row}:
        known = [row[name] for row in rows if name in row and not math.isnan(row[name])]
        found[f"{family}_{name}_{aggregation}"] = sum(known) / len(known) if known else math.nan
