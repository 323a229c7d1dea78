"""The figures of image quality: name, unit, definition and source, and which way is better."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.measurement import Code, Measurement


@dataclass(frozen=True)
class QualityFigure:
    """One figure. better: 'higher', 'lower', or '' where neither is better by itself."""

    name: str
    title: str
    unit: str
    meaning: str
    better: str = ""
    code: Code | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)


IMAGE_FIGURES = (
    QualityFigure("mean", "Mean", "intensity", "mean of the values in the region", code=Code("IBSI", "Q4LE", "Mean")),
    QualityFigure(
        "noise",
        "Noise",
        "intensity",
        "standard deviation of the noise: most frequent local energy of Immerkaer's operator in the plane of the two "
        "finest axes, in the region, over what it is in noise of 1 that neighbors share as much (as a Gaussian blur of "
        "1.5 voxels at most makes them); it scatters by 3 % (SD) in 6,000 voxels and by 10 % in 300",
        "lower",
        parameters={"source": "Immerkaer, CVIU 64(2), 1996; Aja-Fernandez et al., IEEE TIP 17(8), 2008"},
    ),
    QualityFigure("snr", "SNR", "", "signal-to-noise ratio: mean of the region over the noise", "higher"),
    QualityFigure(
        "cnr", "CNR", "", "contrast-to-noise ratio: difference of the two tissues' means over the noise", "higher"
    ),
    QualityFigure(
        "cjv",
        "CJV",
        "",
        "coefficient of joint variation: sum of the two tissues' standard deviations over the difference of their "
        "means; noise and uneven shading raise it",
        "lower",
        parameters={"divisor": "n", "source": "Likar et al., IEEE TMI 20(12), 2001"},
    ),
    QualityFigure(
        "blur",
        "Blur",
        "",
        "perceptual blur, 0 sharp to 1 blurred: share of in-plane variation left after blurring again; the greater of "
        "the two axes; noise lowers it as sharpness does",
        "lower",
        parameters={"window": "11 voxels", "source": "Crete et al., SPIE 6492, 2007"},
    ),
    QualityFigure(
        "edge_spread",
        "Edge spread",
        "mm",
        "standard deviation of the Gaussian that blurs the strong in-plane edges (median), from the ratio of their "
        "gradients at two scales; noise hardly changes it",
        "lower",
        parameters={
            "scales": "1 and 2 voxel sides",
            "edges": "crests of half the strongest gradient or more",
            "source": "Zhuo & Sim, Pattern Recognition 44(9), 2011",
        },
    ),
    QualityFigure(
        "acutance",
        "Acutance",
        "1/mm",
        "root mean square of the in-plane gradient (central differences) over the standard deviation of the values; "
        "edges raise it, and so does noise",
    ),
    QualityFigure(
        "entropy",
        "Entropy",
        "bit",
        "entropy of the values' histogram: 256 equal bins from the 0.1th to the 99.9th percentile of the region, "
        "values beyond counted in the outer bins",
        code=Code("IBSI", "TLU2", "Intensity histogram entropy"),
        parameters={"bins": 256, "percentiles": [0.1, 99.9]},
    ),
)

REFERENCE_FIGURES = (
    QualityFigure("rmse", "RMSE", "intensity", "root mean square difference from the reference in the region", "lower"),
    QualityFigure(
        "psnr",
        "PSNR",
        "dB",
        "peak signal-to-noise ratio: range of the reference's values in the region over the RMSE",
        "higher",
    ),
    QualityFigure(
        "ssim",
        "SSIM",
        "",
        "mean structural similarity to the reference, 1 when equal; Gaussian window of 1.5 voxels",
        "higher",
        parameters={
            "sd": "1.5 voxels",
            "window": "11 voxels",
            "K1": 0.01,
            "K2": 0.03,
            "source": "Wang et al., IEEE TIP 13(4), 2004",
        },
    ),
    QualityFigure(
        "mutual_information",
        "Mutual information",
        "bit",
        "what the reference's values tell of the image's; joint histogram of 100 x 100 bins from smallest to largest",
        "higher",
        parameters={"bins": 100, "source": "Maes et al., IEEE TMI 16(2), 1997"},
    ),
    QualityFigure(
        "normalized_mutual_information",
        "Normalized MI",
        "",
        "sum of the two entropies over the joint entropy, 1 unrelated to 2 one determines the other; joint histogram "
        "of 100 x 100 bins from smallest to largest",
        "higher",
        parameters={"bins": 100, "source": "Studholme et al., Pattern Recognition 32(1), 1999"},
    ),
    QualityFigure(
        "edge_preservation",
        "Edge preservation",
        "",
        "correlation of the gradients' magnitudes (central differences, mm) in image and reference, 1 when all edges "
        "are kept",
        "higher",
    ),
)
FIGURE = {figure.name: figure for figure in (*IMAGE_FIGURES, *REFERENCE_FIGURES)}


class Undefined(ValueError):
    """A figure has no value for this image; the message says why."""


def figure_of(name: str, value: float | Undefined, intensity_unit: str = "intensity", **parameters: Any) -> Measurement:
    """A figure's value as a Measurement; NaN, with the reason as parameter `undefined`, where it has none."""
    figure = FIGURE[name]
    unit = intensity_unit if figure.unit == "intensity" else figure.unit
    if isinstance(value, Undefined):
        parameters["undefined"] = str(value)
        value = math.nan
    return Measurement(name, float(value), unit, figure.code, {**figure.parameters, **parameters})
