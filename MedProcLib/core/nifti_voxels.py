"""The file whose voxels ITK takes for a NIfTI file: of NAME.nii.gz beside NAME.nii those of the latter."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def voxels_of_its_own(path: Path) -> Iterator[Path]:
    """A path under which ITK reads the voxels of that very file, while the context lasts."""
    if not path.name.lower().endswith(".nii.gz") or not path.with_name(path.name[:-3]).exists():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / path.name
        try:
            alone.symlink_to(path.absolute())
        except OSError:  # not allowed to every user of Windows
            shutil.copyfile(path, alone)
        yield alone
