"""A study as comparison sees it: one image of the patient at one time, with its segmentation if there is one."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

import SimpleITK as sitk

from ..core.units import SQUARED


@dataclass(frozen=True)
class Study:
    """One time point.

    name: what the reader knows it by; image: 3D scalar; date: of the acquisition, None when unknown;
    labels: label map of findings on the image's grid, None to have them segmented; names: of its labels;
    mask: region to look at on the image's grid, None to have it found; modality: 'MR', 'CT', ... or '';
    landmarks: (LPS position in mm, name) of places that were marked in other studies of the patient too;
    source: file or node it came from; unit: of the image's values, a key of core.units, '' when not known.
    """

    name: str
    image: sitk.Image
    date: datetime.date | None = None
    labels: sitk.Image | None = None
    mask: sitk.Image | None = None
    modality: str = ""
    source: str = ""
    unit: str = ""
    landmarks: tuple[tuple[tuple[float, float, float], str], ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def value_unit(self) -> str:
        """Unit that figures of the values have, a key of core.units."""
        return self.unit if self.unit in SQUARED else "HU" if self.modality == "CT" else "intensity"
