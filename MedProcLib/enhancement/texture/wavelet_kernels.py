"""Decomposition kernels of orthogonal wavelets, from their definitions."""

import functools
import math
from typing import Literal

import numpy as np

Wavelet = Literal["haar", "db2", "db3", "db4", "db5", "db6", "db8", "coif1", "coif2", "coif3"]

# Coiflets have no closed form beyond the first: Daubechies, Ten lectures on wavelets, 1992, table 8.1 (times sqrt 2).
_COIFLETS = {
    "coif2": (
        -0.0007205494453645122,
        -0.0018232088707029932,
        0.0056114348193944995,
        0.023680171946334084,
        -0.0594344186464569,
        -0.0764885990783064,
        0.41700518442169254,
        0.8127236354455423,
        0.3861100668211622,
        -0.06737255472196302,
        -0.04146493678175915,
        0.016387336463522112,
    ),
    "coif3": (
        -3.459977283621256e-05,
        -7.098330313814125e-05,
        0.0004662169601128863,
        0.0011175187708906016,
        -0.0025745176887502236,
        -0.00900797613666158,
        0.015880544863615904,
        0.03455502757306163,
        -0.08230192710688598,
        -0.07179982161931202,
        0.42848347637761874,
        0.7937772226256206,
        0.4051769024096169,
        -0.06112339000267287,
        -0.0657719112818555,
        0.023452696141836267,
        0.007782596427325418,
        -0.003793512864491014,
    ),
}


@functools.cache
def low_pass(wavelet: Wavelet) -> np.ndarray:
    """The decomposition low-pass kernel, with sum sqrt(2) and norm 1, ending where the response is smoothest."""
    if wavelet in _COIFLETS:
        return np.array(_COIFLETS[wavelet])
    if wavelet == "coif1":
        r = math.sqrt(7)
        return np.array([r - 3, 1 - r, 14 - 2 * r, 14 + 2 * r, 5 + r, 1 - r]) / (16 * math.sqrt(2))
    return _daubechies(1 if wavelet == "haar" else int(wavelet[2:]))


def high_pass(wavelet: Wavelet) -> np.ndarray:
    """The decomposition high-pass kernel: the quadrature mirror of the low-pass one, with sum 0 and norm 1."""
    low = low_pass(wavelet)
    return low[::-1] * np.where(np.arange(len(low)) % 2, 1.0, -1.0)


def spread(kernel: np.ndarray, level: int) -> np.ndarray:
    """The kernel of an undecimated level: made odd in length by a zero, then with holes ("a trous") between weights."""
    odd = kernel if len(kernel) % 2 else np.append(kernel, 0.0)
    step = 2 ** (level - 1)
    result = np.zeros((len(odd) - 1) * step + 1)
    result[::step] = odd
    return result


def _daubechies(moments: int) -> np.ndarray:
    """Spectral factorization (Daubechies, Comm. Pure Appl. Math. 41, 1988): the roots inside the unit circle."""
    polynomial = [math.comb(moments - 1 + k, k) for k in range(moments)]
    roots = []
    for y in np.roots(polynomial[::-1]):
        # y = (2 - z - 1/z) / 4
        z = np.roots([1, 4 * y - 2, 1])
        roots.append(z[np.argmin(np.abs(z))])
    kernel = np.real(np.poly(np.concatenate([-np.ones(moments), np.array(roots)])))
    return kernel[::-1] * math.sqrt(2) / kernel.sum()
