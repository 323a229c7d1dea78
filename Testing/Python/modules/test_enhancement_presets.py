"""Presets that MedProc Enhancement proposes."""

import numpy as np
import pytest
from clicks import add_volume, choose, only
from pet_series import header, save

NAME = "MedProcEnhancement"


@pytest.fixture
def volume(load):
    return load("study1_FLAIR", 4)


def test_a_preset_is_proposed_used_and_can_be_changed(panel, volume, scene):
    from MedProcLib.enhancement.presets.presets import preset_named

    widget = panel(NAME)
    assert widget.recipe() == preset_named("mr_brain_flair").recipe()
    assert widget.ui.presetBox.currentText == "MR brain FLAIR"
    assert "study1_FLAIR" in widget.ui.presetReason.text
    ct = np.random.default_rng(1).normal(40, 5, (8, 40, 40))
    ct[:, :10] = -1000
    ct[:, 30, 30] = 900
    other = add_volume("Other", ct)
    widget.ui.inputSelector.setCurrentNode(other)
    assert widget.recipe() == preset_named("ct_soft_tissue").recipe()
    assert "Hounsfield" in widget.ui.presetReason.text
    choose(widget.ui.presetBox, "PET")
    assert widget.recipe() == preset_named("pet").recipe()
    widget.ui.inputSelector.setCurrentNode(volume)
    assert widget.recipe() == preset_named("pet").recipe(), "what the user chose stays"
    assert widget.ui.presetReason.text.startswith("Proposed: MR brain FLAIR.")
    choose(widget.ui.presetBox, "MR brain FLAIR (proposed)")
    assert widget.recipe() == preset_named("mr_brain_flair").recipe()


def test_a_chain_of_the_user_is_not_replaced(panel, volume):
    widget = panel(NAME)
    only(widget, "enhancement.gaussian")
    assert widget.ui.presetBox.currentText == "Custom"
    own = widget.recipe()
    widget.ui.inputSelector.setCurrentNode(add_volume("PET 1", np.ones((4, 8, 8))))
    assert widget.recipe() == own and widget.ui.presetBox.currentText == "Custom"


@pytest.mark.parametrize("loaded", ["DICOM module", "Add data"])
def test_dicom_tags_decide(panel, scene, monkeypatch, tmp_path, loaded):
    """What the file of the volume's first slice says counts before its values."""
    import slicer

    file = tmp_path / "slice"
    save(header(Modality="CT", BodyPartExamined="CHEST", ConvolutionKernel="B70f", SOPInstanceUID="1.2.3"), file)

    class Database:
        def fileForInstance(self, instance):
            return str(file) if instance == "1.2.3" else ""

    node = add_volume("Series 4", np.random.default_rng(1).normal(100, 5, (4, 10, 10)))
    if loaded == "DICOM module":
        monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
        node.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    else:
        storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(str(file))
        node.SetAndObserveStorageNodeID(storage.GetID())
    widget = panel(NAME)
    proposal = widget.proposed.proposal
    assert proposal.preset.name == "ct_lung" and "B70f" in proposal.reason
