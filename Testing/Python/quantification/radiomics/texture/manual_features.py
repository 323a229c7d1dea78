"""The texture features by the formulas of the IBSI manual (arXiv 1612.07003, 3.6 to 3.11): plain loops, no numpy."""

import math
from collections import Counter
from itertools import product


def cooccurrence_features(matrix, n_levels):
    total = sum(matrix.values())
    if not total:
        return {}
    p = {ij: n / total for ij, n in matrix.items()}
    row, minus, plus = Counter(), Counter(), Counter()
    for (i, j), q in p.items():
        row[i] += q
        minus[abs(i - j)] += q
        plus[i + j] += q
    mu = sum(i * q for (i, j), q in p.items())
    md = sum(k * q for k, q in minus.items())
    ms = sum(k * q for k, q in plus.items())
    variance = sum((i - mu) ** 2 * q for i, q in row.items())
    hxy, hx = entropy(p.values()), entropy(row.values())
    hxy1 = -sum(q * math.log2(row[i] * row[j]) for (i, j), q in p.items())
    hxy2 = -sum(a * b * math.log2(a * b) for a in row.values() for b in row.values())
    flat = len(row) == 1
    return {
        "joint_max": max(p.values()),
        "joint_avg": mu,
        "joint_var": sum((i - mu) ** 2 * q for (i, j), q in p.items()),
        "joint_entr": hxy,
        "diff_avg": md,
        "diff_var": sum((k - md) ** 2 * q for k, q in minus.items()),
        "diff_entr": entropy(minus.values()),
        "sum_avg": ms,
        "sum_var": sum((k - ms) ** 2 * q for k, q in plus.items()),
        "sum_entr": entropy(plus.values()),
        "energy": sum(q * q for q in p.values()),
        "contrast": sum((i - j) ** 2 * q for (i, j), q in p.items()),
        "dissimilarity": sum(abs(i - j) * q for (i, j), q in p.items()),
        "inv_diff": sum(q / (1 + abs(i - j)) for (i, j), q in p.items()),
        "inv_diff_norm": sum(q / (1 + abs(i - j) / n_levels) for (i, j), q in p.items()),
        "inv_diff_mom": sum(q / (1 + (i - j) ** 2) for (i, j), q in p.items()),
        "inv_diff_mom_norm": sum(q / (1 + (i - j) ** 2 / n_levels**2) for (i, j), q in p.items()),
        "inv_var": 2 * sum(q / (i - j) ** 2 for (i, j), q in p.items() if j > i),
        "corr": math.nan if flat else (sum(i * j * q for (i, j), q in p.items()) - mu**2) / variance,
        "auto_corr": sum(i * j * q for (i, j), q in p.items()),
        "clust_tend": sum((i + j - 2 * mu) ** 2 * q for (i, j), q in p.items()),
        "clust_shade": sum((i + j - 2 * mu) ** 3 * q for (i, j), q in p.items()),
        "clust_prom": sum((i + j - 2 * mu) ** 4 * q for (i, j), q in p.items()),
        "info_corr1": math.nan if flat else (hxy - hxy1) / hx,
        "info_corr2": math.sqrt(max(0, 1 - math.exp(-2 * (hxy2 - hxy)))),
    }


EMPHASIS = {
    "rlm": "sre lre lgre hgre srlge srhge lrlge lrhge glnu glnu_norm rlnu rlnu_norm r_perc gl_var rl_var rl_entr",
    "szm": "sze lze lgze hgze szlge szhge lzlge lzhge glnu glnu_norm zsnu zsnu_norm z_perc gl_var zs_var zs_entr",
    "dzm": "sde lde lgze hgze sdlge sdhge ldlge ldhge glnu glnu_norm zdnu zdnu_norm z_perc gl_var zd_var zd_entr",
    "ngl": "lde hde lgce hgce ldlge ldhge hdlge hdhge glnu glnu_norm dcnu dcnu_norm dc_perc gl_var dc_var dc_entr"
    " dc_energy",
}


def emphasis(matrix, voxels):
    number = sum(matrix.values())
    if not number:
        return {}
    level, column = Counter(), Counter()
    for (i, j), n in matrix.items():
        level[i] += n
        column[j] += n
    mi = sum(i * n for i, n in level.items()) / number
    mj = sum(j * n for j, n in column.items()) / number
    return [
        sum(n / j**2 for j, n in column.items()) / number,
        sum(n * j**2 for j, n in column.items()) / number,
        sum(n / i**2 for i, n in level.items()) / number,
        sum(n * i**2 for i, n in level.items()) / number,
        sum(n / (i**2 * j**2) for (i, j), n in matrix.items()) / number,
        sum(n * i**2 / j**2 for (i, j), n in matrix.items()) / number,
        sum(n * j**2 / i**2 for (i, j), n in matrix.items()) / number,
        sum(n * i**2 * j**2 for (i, j), n in matrix.items()) / number,
        sum(n**2 for n in level.values()) / number,
        sum(n**2 for n in level.values()) / number**2,
        sum(n**2 for n in column.values()) / number,
        sum(n**2 for n in column.values()) / number**2,
        number / voxels,
        sum((i - mi) ** 2 * n for i, n in level.items()) / number,
        sum((j - mj) ** 2 * n for j, n in column.items()) / number,
        entropy(n / number for n in matrix.values()),
        sum((n / number) ** 2 for n in matrix.values()),
    ]


def tone_features(number, total):
    voxels = sum(number.values())
    if not voxels:
        return {}
    p = {i: n / voxels for i, n in number.items()}
    pairs = list(product(p, p))
    weighted, differences = sum(p[i] * total[i] for i in p), sum(total.values())
    many = len(p) > 1
    spread = sum(p[i] * p[j] * (i - j) ** 2 for i, j in pairs)
    return {
        "coarseness": 1 / weighted if weighted else 1e6,
        "contrast": spread / (len(p) * (len(p) - 1)) * differences / voxels if many else 0,
        "busyness": weighted / sum(abs(i * p[i] - j * p[j]) for i, j in pairs) if many else 0,
        "complexity": sum(abs(i - j) * (p[i] * total[i] + p[j] * total[j]) / (p[i] + p[j]) for i, j in pairs) / voxels,
        "strength": sum((p[i] + p[j]) * (i - j) ** 2 for i, j in pairs) / differences if differences else 0,
    }


def entropy(probabilities):
    return -sum(q * math.log2(q) for q in probabilities)
