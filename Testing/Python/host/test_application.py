"""slicer.app, its managers, slicer.util with the application, and the subject hierarchy."""

import numpy as np
import pytest


def _volume(name="CT"):
    import slicer

    return slicer.util.addVolumeFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4), name=name)


def test_application_facts(app):
    import slicer

    assert slicer.app is app
    assert app.testingEnabled()
    assert slicer.util.mainWindow() is None
    assert (app.majorVersion, app.minorVersion) >= (5, 12)
    assert app.applicationLogic().GetMRMLScene() is slicer.mrmlScene
    slicer.util.showStatusMessage("nothing to show it on", 10)


def test_message_boxes_are_skipped_in_testing_mode(scene):
    import slicer

    assert not slicer.util.confirmYesNoDisplay("Sure?")
    assert not slicer.util.confirmOkCancelDisplay("Sure?")
    slicer.util.errorDisplay("An error", detailedText="details")
    with pytest.raises(ValueError, match="mine"), slicer.util.tryWithErrorDisplay("failed", waitCursor=True):
        raise ValueError("mine")


def test_settings_are_kept_apart_from_the_users(app):
    import qt
    import slicer

    settings = qt.QSettings()
    settings.setValue("MedProc/Reader", "A")
    assert slicer.util.settingsValue("MedProc/Reader", "nobody") == "A"
    assert slicer.util.settingsValue("MedProc/Missing", 7, converter=int) == 7
    assert app.temporaryPath in settings.fileName()
    settings.remove("MedProc")


def test_slice_layers_are_set_on_real_slice_logics(app, scene):
    import slicer

    background, foreground = _volume("background"), _volume("foreground")
    slicer.util.setSliceViewerLayers(background=background, foreground=foreground, foregroundOpacity=0.3)
    manager = app.layoutManager()
    assert manager.sliceViewNames() == ("Red", "Green", "Yellow")
    composite = manager.sliceWidget("Green").mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == background.GetID()
    assert composite.GetForegroundVolumeID() == foreground.GetID()
    assert composite.GetForegroundOpacity() == pytest.approx(0.3)
    logic = manager.sliceWidget("Red").sliceLogic()
    logic.SetSliceOffset(1.0)
    assert manager.sliceWidget("Red").mrmlSliceNode().GetSliceOffset() == pytest.approx(1.0)
    assert manager.sliceWidget("Yellow").mrmlSliceNode().GetOrientation() == "Sagittal"
    assert manager.threeDWidget(0).mrmlViewNode() is not None


def test_views_survive_a_closed_scene(app, scene):
    scene.Clear(0)
    widget = app.layoutManager().sliceWidget("Red")
    assert widget.mrmlSliceNode() is not None
    assert scene.IsNodePresent(widget.mrmlSliceNode())


@pytest.mark.parametrize("ending", ["nrrd", "nii.gz", "mha"])
def test_volume_is_saved_and_loaded(scene, tmp_path, ending):
    import slicer

    volume = _volume()
    path = str(tmp_path / f"volume.{ending}")
    assert slicer.util.saveNode(volume, path)
    loaded = slicer.util.loadVolume(path)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), slicer.util.arrayFromVolume(volume))


def test_missing_file_raises(scene, tmp_path):
    import slicer

    with pytest.raises(RuntimeError):
        slicer.util.loadVolume(str(tmp_path / "missing.nrrd"))


def test_modules_give_their_logics(app, scene):
    import slicer

    assert slicer.modules.volumes.logic().GetClassName() == "vtkSlicerVolumesLogic"
    assert app.moduleManager().module("Volumes") is slicer.modules.volumes
    assert slicer.util.getModuleLogic("Segmentations") is slicer.modules.segmentations.logic()


def test_items_of_the_subject_hierarchy_follow_the_nodes(scene, tmp_path):
    import slicer

    def hierarchy():
        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)

    volume = _volume()
    item = hierarchy().GetItemByDataNode(volume)
    assert item
    study = hierarchy().CreateStudyItem(hierarchy().GetSceneItemID(), "Baseline")
    hierarchy().SetItemParent(item, study)
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    scene.Clear(0)
    assert hierarchy().GetNumberOfItems() == 0
    slicer.util.loadScene(path)
    loaded = slicer.util.getNode("CT")
    parent = hierarchy().GetItemParent(hierarchy().GetItemByDataNode(loaded))
    assert hierarchy().GetItemName(parent) == "Baseline"
    scene.RemoveNode(loaded)
    assert hierarchy().GetItemByDataNode(loaded) == 0
    assert hierarchy().GetItemName(parent) == "Baseline"


def test_packaging_installs_nothing(scene):
    import slicer

    assert slicer.packaging.pip_check("numpy>=1.26")
    assert slicer.packaging.pip_ensure(["numpy"], requester="test") == []
    with pytest.raises(RuntimeError, match="install nothing"):
        slicer.packaging.pip_ensure(["no-such-package-at-all"])


def test_sitk_utils_keep_geometry(scene):
    import SimpleITK as sitk
    import sitkUtils

    image = sitk.GetImageFromArray(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((10, -20, 30))
    image.SetDirection((0, -1, 0, 1, 0, 0, 0, 0, -1))  # rotated and left-handed
    again = sitkUtils.PullVolumeFromSlicer(sitkUtils.PushVolumeToSlicer(image, name="pushed"))
    assert again.GetSpacing() == pytest.approx(image.GetSpacing())
    assert again.GetOrigin() == pytest.approx(image.GetOrigin())
    assert again.GetDirection() == pytest.approx(image.GetDirection())
    np.testing.assert_array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(image))
