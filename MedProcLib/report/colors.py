"""One color and one sign per class of change, told apart by readers with any color vision and in gray print.

After Okabe and Ito (https://jfly.uni-koeln.de/color/), lightened where a color must show on a dark image.
"""

from dataclasses import dataclass

import numpy as np

from ..comparison.result import Change

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """rgb: 0..255, for contours on images and signs on the page; sign: one character that says the same."""

    rgb: Rgb
    sign: str

    @property
    def css(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


LOOKS = {
    Change.NEW: Look((240, 90, 26), "+"),
    Change.GROWN: Look((240, 173, 0), "▲"),
    Change.STABLE: Look((178, 184, 192), "="),
    Change.SHRUNK: Look((86, 180, 233), "▼"),
    Change.GONE: Look((38, 122, 214), "×"),
    Change.MERGED: Look((214, 121, 178), "⋎"),
    Change.SPLIT: Look((20, 168, 124), "⋏"),
    Change.REAPPEARED: Look((148, 103, 189), "↺"),
}

# of the other study where both are in one picture (share of red, green, blue)
OTHER_TINT = np.array([0.74, 0.91, 1.0])

LOST, SAME, GAINED = (72, 160, 255), (16, 18, 22), (255, 150, 40)


def difference_colors(share: np.ndarray) -> np.ndarray:
    """Colors (..., 3) uint8 of a difference given as -1 (darker now, blue) .. 0 (dark) .. +1 (brighter now, orange)."""
    share = np.clip(np.nan_to_num(share), -1, 1)[..., np.newaxis]
    end = np.where(share < 0, LOST, GAINED)
    return np.round(np.asarray(SAME) + (end - np.asarray(SAME)) * np.abs(share)).astype(np.uint8)
