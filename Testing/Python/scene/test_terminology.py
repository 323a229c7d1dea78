"""Terms of segments: written as Slicer reads them, read back, and true to the code books."""

import pytest
import slicer
from pydicom.sr._concepts_dict import concepts

from MedProcLib.scene.segmentations import SegmentInfo, segment_info, segmentation_from_labels
from MedProcLib.scene.terminology import entry_of, set_terminology, terminology_of
from MedProcLib.segmentation.structures import STRUCTURES, structure

# Codes that are in Slicer's or SNOMED CT's list under another name than pydicom's.
OTHER_NAMES = {"248300009", "86407004"}


@pytest.mark.parametrize("key", STRUCTURES)
def test_every_structure_comes_back_from_a_segment(scene, key):
    segment = slicer.vtkSegment()
    default = terminology_of(segment)
    shown = structure(key)
    set_terminology(segment, entry_of(shown))
    assert terminology_of(segment) == (default if shown.category is None else entry_of(shown))


def test_sides_are_said_and_survive_in_a_segmentation(scene):
    import SimpleITK as sitk

    labels = sitk.Image([6, 6, 6], sitk.sitkUInt8)
    labels[1, 1, 1], labels[4, 4, 4] = 1, 2
    wanted = {1: structure("lung_right"), 2: structure("lung_left")}
    infos = {value: SegmentInfo(s.name, s.color, terminology=entry_of(s)) for value, s in wanted.items()}
    node = segmentation_from_labels(labels, infos, "lungs")
    for index, side in enumerate(("Right", "Left")):
        found = segment_info(node.GetSegmentation().GetNthSegment(index), "")
        assert found.terminology.modifier.meaning == side and found.terminology.type.meaning == "Lung"
        assert f"~SCT^39607008^Lung~SCT^{found.terminology.modifier.value}^{side}~" in (
            node.GetSegmentation().GetNthSegment(index).GetTerminology()
        )


def test_what_was_said_of_a_segment_stays_when_it_is_changed(scene):
    """The place in the body and the list of terms are the user's, too."""
    said = (
        "Segmentation category and type - 3D Slicer General Anatomy list~SCT^49755003^Morphologically Altered Structure"
        "~SCT^4147007^Mass~SCT^7771000^Left~Anatomic codes - DICOM master list~SCT^64033007^Kidney~SCT^7771000^Left"
    )
    before, after = slicer.vtkSegment(), slicer.vtkSegment()
    before.SetTerminology(said)
    set_terminology(after, terminology_of(before))
    assert after.GetTerminology() == said
    before.SetTerminology(said.rpartition("~SCT")[0].rpartition("~SCT")[0])  # as short as some programs write it
    assert terminology_of(before).region is None and terminology_of(before).modifier.meaning == "Left"


def test_slicer_reads_the_entry(scene):
    """Slicer's own reader of the text is the judge."""
    if not hasattr(slicer, "vtkSlicerTerminologiesModuleLogic"):
        pytest.skip("Slicer's terminologies are not there")
    logic, entry = slicer.vtkSlicerTerminologiesModuleLogic(), slicer.vtkSlicerTerminologyEntry()
    segment = slicer.vtkSegment()
    set_terminology(segment, entry_of(structure("kidney_left")))
    assert logic.DeserializeTerminologyEntry(segment.GetTerminology(), entry)
    assert entry.GetTypeObject().GetCodeMeaning() == "Kidney"
    assert entry.GetTypeModifierObject().GetCodeMeaning() == "Left"


@pytest.mark.parametrize("key", [key for key, each in STRUCTURES.items() if each.type is not None])
def test_codes_mean_what_they_say(key):
    """pydicom's tables of DICOM's concepts as an independent source; none has two meanings here."""
    code = structure(key).type
    meanings = {
        found[0].lower() for each in concepts["SCT"].values() for value, found in each.items() if value == code.value
    }
    if code.value not in OTHER_NAMES:
        assert any(code.meaning.lower() in meaning or meaning in code.meaning.lower() for meaning in meanings)


def test_grey_and_white_matter_are_not_swapped():
    assert structure("grey_matter").type.value == "389081007" and structure("white_matter").type.value == "389080008"
