"""Tissue gained and lost between two aligned studies, from the share of each tissue in every voxel."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.measurement import Code, Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import inside
from ...quantification.row import Row
from .regions import require_one_grid

REST = "rest"
VOLUME = Code("SCT", "118565006", "Volume")
Fractions = dict[str, np.ndarray]


@operation(
    "comparison.tissue_change",
    title="Tissue gain and loss",
    gives=("maps", "table"),
    dimensions=(3,),
    source="Difference of partial-volume fractions, as of tissue maps in voxel-based morphometry: Ashburner & Friston, "
    "NeuroImage 11, 2000; gain, loss and swap of classes: Pontius & Santacruz, Int J Remote Sens 35, 2014",
)
class TissueChange:
    """Volume of each tissue in both studies, what was gained, lost and turned into which other tissue.

    Takes maps of fractions of both studies (as the tissue classes give them) or, without them, their label maps, all on
    one grid. Fractions count the partial volume of mixed voxels. A map is the other study's fraction minus the first's.
    Noise makes gain and loss both larger, so changes of a fraction below the least one are not counted in them; the
    net change is of all.
    """

    least_percent: Annotated[float, Range(0, 99, "%"), "smaller changes of a fraction are noise, not gain or loss"] = (
        10.0
    )

    def __call__(
        self,
        fixed_maps=None,
        moving_maps=None,
        fixed_labels=None,
        moving_labels=None,
        fixed_mask=None,
        moving_mask=None,
        progress=SILENT,
    ):
        first, other, grid = _fractions(fixed_maps, moving_maps, fixed_labels, moving_labels)
        for mask in (fixed_mask, moving_mask):
            if mask is not None:
                require_one_grid(grid.empty_image(), mask)
        everywhere = np.ones(tuple(reversed(grid.size)), bool)
        region = inside(fixed_mask, everywhere) & inside(moving_mask, everywhere)
        if not region.any():
            raise InputError("The two studies share no region: check the registration and the masks.")
        first, other = (_whole({name: f[region] for name, f in study.items()}) for study in (first, other))
        changes = {name: other[name] - first[name] for name in first}
        counted = {n: np.where(np.abs(c) >= max(self.least_percent / 100, 1e-6), c, 0) for n, c in changes.items()}
        progress(0.5, "Counting what changed")
        rows = [
            Row(number, name, None, self._figures(first[name], other[name], counted[name], grid.voxel_volume))
            for number, name in enumerate((n for n in first if n != REST), 1)
        ]
        rows += self._transitions(counted, grid.voxel_volume)
        maps = {}
        for name in (n for n in changes if n != REST):
            full = np.zeros(region.shape, np.float32)
            full[region] = changes[name]
            maps[f"change_of_{name}"] = grid.image_of(full)
        return maps, rows

    def _figures(
        self, first: np.ndarray, other: np.ndarray, counted: np.ndarray, voxel: float
    ) -> tuple[Measurement, ...]:
        before, after = (float(v.sum(dtype=float)) * voxel for v in (first, other))
        how = {"least_percent": self.least_percent}
        gained, lost = counted > 0, counted < 0
        return (
            Measurement("volume_first", before, "mm3", VOLUME),
            Measurement("volume_other", after, "mm3", VOLUME),
            Measurement("net_change", after - before, "mm3"),
            Measurement("relative_change", 100 * (after / before - 1) if before else float("nan"), "%"),
            Measurement("gain", float(counted[gained].sum(dtype=float)) * voxel, "mm3", None, how),
            Measurement("loss", -float(counted[lost].sum(dtype=float)) * voxel, "mm3", None, how),
            Measurement("gained_voxels", float(gained.sum()), "voxels", None, how),
            Measurement("lost_voxels", float(lost.sum()), "voxels", None, how),
        )

    def _transitions(self, counted: Fractions, voxel: float) -> list[Row]:
        """A row for each pair of tissues of which one turned into the other, in mm3.

        What a voxel lost of each tissue goes to those it gained, in proportion to their gains.
        """
        # gains and losses that were not counted make the two sums differ
        gains, losses = (sum(np.maximum(sign * change, 0) for change in counted.values()) for sign in (1, -1))
        total = np.maximum(gains, losses)
        how = {"least_percent": self.least_percent}
        rows = []
        for source, lost in counted.items():
            share = np.divide(np.maximum(-lost, 0), total, out=np.zeros(lost.shape), where=total > 0)
            for target, gained in counted.items():
                volume = float(share @ np.maximum(gained, 0)) * voxel
                if source != target and volume > 0:
                    rows.append(
                        Row(0, f"{source} to {target}", None, (Measurement("turned", volume, "mm3", None, how),))
                    )
        return rows


def _fractions(
    fixed_maps: Mapping[str, sitk.Image] | None,
    moving_maps: Mapping[str, sitk.Image] | None,
    fixed_labels: sitk.Image | None,
    moving_labels: sitk.Image | None,
) -> tuple[Fractions, Fractions, Geometry]:
    """Fractions of both studies by the name of the tissue, and their grid. Raises InputError."""
    if fixed_maps and moving_maps:
        if set(fixed_maps) != set(moving_maps):
            differing = ", ".join(sorted(set(fixed_maps) ^ set(moving_maps)))
            raise InputError(f"Only one of the studies has a map of {differing}: give both the same tissues.")
        images = [*fixed_maps.values(), *moving_maps.values()]
        require_one_grid(*images)
        studies = [{n: _checked(n, study[n]) for n in fixed_maps} for study in (fixed_maps, moving_maps)]
        return studies[0], studies[1], Geometry.of(images[0])
    if fixed_maps or moving_maps:
        raise InputError("Only one of the studies has maps of fractions: give both, or the label maps of both.")
    if fixed_labels is None or moving_labels is None:
        raise InputError("Tissue gain and loss needs the fractions or the label maps of both studies.")
    require_one_grid(fixed_labels, moving_labels)
    arrays = [sitk.GetArrayViewFromImage(labels) for labels in (fixed_labels, moving_labels)]
    values = sorted((set(np.unique(arrays[0]).tolist()) | set(np.unique(arrays[1]).tolist())) - {0})
    if not values:
        raise InputError("Both label maps are empty: segment the tissues first.")
    one, two = ({f"label_{v}": (a == v).astype(np.float32) for v in values} for a in arrays)
    return one, two, Geometry.of(fixed_labels)


def _checked(name: str, image: sitk.Image) -> np.ndarray:
    values: np.ndarray = sitk.GetArrayFromImage(image).astype(np.float32)
    if not np.isfinite(values).all() or values.min() < -1e-3 or values.max() > 1 + 1e-3:
        raise InputError(f"The map '{name}' does not hold fractions (0 to 1): give maps such as tissue classes give.")
    return values


def _whole(study: Fractions) -> Fractions:
    """The fractions with what is left to 1 as the rest. Raises InputError when they exceed 1."""
    rest = 1 - np.sum(list(study.values()), axis=0)
    if rest.size and rest.min() < -0.01:
        raise InputError("The fractions of the tissues sum to more than 1 in some voxels: they overlap.")
    return {**study, REST: rest}
