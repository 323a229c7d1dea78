"""What the module tests share: a real image, small enough for quick runs, and waiting for a run to end."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # clicks.py


@pytest.fixture
def load(scene, data):
    """load("study1_FLAIR", factor) loads a study of Testing/Data, shrunk by a factor for speed."""
    import SimpleITK as sitk

    from MedProcLib.scene.volumes import volume_from_image

    def load_study(name, factor=2):
        image = sitk.ReadImage(str(data / "ms_patient01" / f"{name}.nii.gz"), sitk.sitkFloat32)
        return volume_from_image(sitk.BinShrink(image, [factor, factor, 1]), name)

    return load_study


@pytest.fixture
def finish(scene):
    """finish(widget) waits for a running task and returns the line below the button."""
    from host import wait_until

    def finish_run(widget, timeout_s=120):
        assert wait_until(lambda: not widget.run.running, timeout_s), "the run does not end"
        return widget.run.message

    return finish_run


@pytest.fixture
def content(scene):
    """content() is the scene's nodes with what they hold; equal before and after means that nothing was changed."""

    def read():
        nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
        kept = [node for node in nodes if not node.IsA("vtkMRMLScriptedModuleNode")]
        volumes = [node for node in kept if node.IsA("vtkMRMLVolumeNode") and node.GetImageData()]
        times = {node.GetID(): node.GetImageData().GetMTime() for node in volumes}
        return [(node.GetID(), node.GetName()) for node in kept], times

    return read
