"""Filters that are defined by their Fourier transform."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import fft

from ...core.progress import SILENT, Progress

# Of the places in the spectrum (an index per axis, broadcastable) the real amplitude there.
Amplitude = Callable[[Sequence[np.ndarray]], np.ndarray]

# The amplitude is made for about this many places at a time.
CHUNK = 1_000_000


def multiplied(
    values: np.ndarray, amplitude: Amplitude, order: int = 0, by_slices: bool = False, progress: Progress = SILENT
) -> np.ndarray:
    """Periodic values with their discrete Fourier transform multiplied by (-i)^order times the amplitude.

    values are overwritten. The real part: of an amplitude that does not make a real response, the part that does.
    by_slices: the transform is that of each slice along the first axis.
    """
    if by_slices and values.ndim == 3:
        for number, part in enumerate(values):
            progress(number / len(values))
            multiplied(part, amplitude, order)
        return values
    spectrum = fft.rfftn(values)
    step = max(1, CHUNK // max(1, int(np.prod(spectrum.shape[1:]))))
    others = np.ogrid[tuple(slice(0, n) for n in spectrum.shape[1:])]
    phase = spectrum.dtype.type((-1j) ** order)
    for low in range(0, len(values), step):
        progress(low / len(values))
        first = np.arange(low, min(low + step, len(values))).reshape(-1, *[1] * (values.ndim - 1))
        places = [first, *others]
        opposite = [-place % n for place, n in zip(places, values.shape, strict=True)]
        real = (amplitude(places) + (-1) ** order * amplitude(opposite)) / 2
        spectrum[low : low + step] *= real.astype(values.dtype) * phase
    spectrum = fft.ifftn(spectrum, axes=range(values.ndim - 1), overwrite_x=True)
    for low in range(0, len(values), step):
        values[low : low + step] = fft.irfft(spectrum[low : low + step], values.shape[-1], axis=-1)
    return values


def frequencies(size: int) -> np.ndarray:
    """Of the discrete Fourier transform of this size, in units of the Nyquist frequency."""
    return 2 * np.fft.fftfreq(size)


def spread_frequencies(size: int) -> np.ndarray:
    """Frequencies spread evenly over [-1, 1], both ends included, as the standard's reference maps were made with."""
    return np.fft.ifftshift(np.linspace(-1, 1, size)) if size > 1 else np.zeros(1)
