"""A torso in HU, drawn with ellipses: the same from feet to head, so that a mirrored one is one too."""

import functools

import numpy as np
import SimpleITK as sitk

AIR, FAT, MUSCLE, LUNG, GAS, MARROW, CORTEX, CORD, TABLE = (
    -1000.0,
    -100.0,
    55.0,
    -850.0,
    -1000.0,
    190.0,
    500.0,
    25.0,
    250.0,
)
SIZE, SPACING = (100, 82, 54), (3.0, 3.0, 3.0)
NOISE_HU = 10.0


def torso(size=SIZE, spacing=SPACING) -> sitk.Image:
    """Body, lungs with trachea and main bronchi, spine, ribs, a layer of fat and a table, with noise: int16."""
    return _image(_values(size, spacing, _structures), size, spacing)


def abdomen(size=SIZE, spacing=SPACING) -> sitk.Image:
    """Body with fat inside, liver, kidneys, spine, a layer of fat and a table: int16."""
    return _image(_values(size, spacing, _organs), size, spacing)


def truth(image: sitk.Image) -> dict[str, np.ndarray]:
    """Where (z, y, x) each structure of a torso or an abdomen on this grid is; only to be read."""
    return dict(_known(image.GetSize(), image.GetSpacing()))


def _drawn(size, spacing) -> dict[str, np.ndarray]:
    x, y, z = _axes(size, spacing)
    body = _ellipse(x, y, (0, -8), (138, 96))
    inner = _ellipse(x, y, (0, -8), (124, 82))
    lungs = [((x - side * 58) / 44) ** 2 + ((y + 8) / 58) ** 2 + (z / 70) ** 2 < 1 for side in (-1, 1)]
    trachea = _ellipse(x, y, (0, -5), (8, 8))
    bronchi = (np.abs(x) < 40) & ((y + 5) ** 2 + z**2 < 6**2) & ~trachea
    spine = _ellipse(x, y, (0, 42), (20, 16))
    marrow = _ellipse(x, y, (0, 42), (16, 12))
    arch = _ellipse(x, y, (0, 66), (16, 14))
    canal = _ellipse(x, y, (0, 66), (11, 9))
    ribs = inner & ~_ellipse(x, y, (0, -8), (118, 76)) & (np.abs((z + 120) % 24 - 12) < 5)
    ribs &= (np.abs(x) > 24) | (y > 0)  # open in front, or slices would show one closed ring
    return {
        "body": body,
        "inner": inner,
        "lung_right": lungs[0] & ~bronchi,
        "lung_left": lungs[1] & ~bronchi,
        "airway": trachea | bronchi,
        "bronchi": bronchi,
        "bone": ((spine | arch) & ~canal) | ribs,
        "marrow": marrow,
        "canal": canal,
        "table": (np.abs(y - 96) < 5) & (np.abs(x) < 120) & (y > 91.5),
        "cavity": _ellipse(x, y, (0, -12), (108, 62)),
        "liver": ((x + 55) / 45) ** 2 + ((y + 20) / 40) ** 2 + (z / 55) ** 2 < 1,
        "kidney_right": ((x + 55) / 20) ** 2 + ((y - 30) / 16) ** 2 + (z / 45) ** 2 < 1,
        "kidney_left": ((x - 55) / 20) ** 2 + ((y - 30) / 16) ** 2 + (z / 45) ** 2 < 1,
    }


@functools.lru_cache(maxsize=2)
def _known(size, spacing) -> dict[str, np.ndarray]:
    at = _drawn(size, spacing)
    for where in at.values():
        where.setflags(write=False)
    return at


def _structures(values: np.ndarray, at: dict[str, np.ndarray]) -> None:
    values[at["lung_right"] | at["lung_left"]] = LUNG
    _skeleton(values, at)
    values[at["airway"]] = GAS


def _organs(values: np.ndarray, at: dict[str, np.ndarray]) -> None:
    values[at["cavity"]] = FAT
    values[at["liver"]] = 110.0
    values[at["kidney_right"] | at["kidney_left"]] = 160.0
    _skeleton(values, {**at, "bone": at["bone"] & ~at["cavity"] | at["marrow"]})


def _skeleton(values: np.ndarray, at: dict[str, np.ndarray]) -> None:
    values[at["bone"]] = CORTEX
    values[at["marrow"]] = MARROW
    values[at["canal"]] = CORD


@functools.lru_cache(maxsize=4)
def _values(size, spacing, draw) -> np.ndarray:
    at = _drawn(tuple(2 * n for n in size), tuple(s / 2 for s in spacing))
    values = np.full(at["body"].shape, AIR)
    values[at["table"]] = TABLE
    values[at["body"]] = FAT
    values[at["inner"]] = MUSCLE
    draw(values, at)
    z, y, x = values.shape
    return values.reshape(z // 2, 2, y // 2, 2, x // 2, 2).mean(axis=(1, 3, 5))


def sitk_grid(size, spacing) -> sitk.Image:
    """An empty image of this size and spacing."""
    image = sitk.Image(size, sitk.sitkUInt8)
    image.SetSpacing(spacing)
    return image


def _image(values: np.ndarray, size, spacing) -> sitk.Image:
    values = values + np.random.default_rng(0).normal(0, NOISE_HU, values.shape)
    image = sitk.GetImageFromArray(np.rint(values).astype(np.int16))
    image.SetSpacing(spacing)
    assert image.GetSize() == tuple(size)
    return image


def _axes(size, spacing) -> list[np.ndarray]:
    x, y, z = (((np.arange(n) - (n - 1) / 2) * s).astype(np.float32) for n, s in zip(size, spacing, strict=True))
    return [part.transpose(2, 1, 0) for part in np.meshgrid(x, y, z, indexing="ij")]


def _ellipse(x, y, center, half) -> np.ndarray:
    return ((x - center[0]) / half[0]) ** 2 + ((y - center[1]) / half[1]) ** 2 < 1
