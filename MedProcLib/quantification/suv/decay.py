"""Radioactive decay: how much is left, and when within a frame the mean count rate occurs."""

import math


def decay_constant(half_life_s: float) -> float:
    """1/s."""
    return math.log(2) / half_life_s


def average_rate_time(decay_per_s: float, duration_s: float) -> float:
    """Seconds from the start of a frame at which the rate equals its mean over the frame; half of a short frame.

    ln(x / (1 - exp(-x))) / lambda with x = lambda T (QIBA FDG-PET/CT Profile, SUV computation; IBSI-SUV, 2026).
    """
    return math.log(frame_decay(decay_per_s, duration_s)) / decay_per_s


def frame_decay(decay_per_s: float, duration_s: float) -> float:
    """Rate at the start of a frame as a multiple of its mean over the frame: x / (1 - exp(-x)), x = lambda T."""
    x = decay_per_s * duration_s
    return -x / math.expm1(-x) if x > 0 else 1.0
