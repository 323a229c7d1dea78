"""Radiomic features in the panel of MedProc Quantification: settings, units, perturbations."""

import pytest

NAME = "MedProcQuantification"


def test_features_of_the_chosen_segments(panel, block, finish):
    import slicer

    block()
    widget = panel(NAME)
    panel_ = widget.features.panel
    panel_.set_parameters({"families": "statistics", "bin_number": 16})
    widget.features.button.click()
    assert finish(widget).endswith("features in 'Seg features'.")
    table = slicer.util.getNode("Seg features")
    from MedProcLib.scene.provenance import provenance_of
    from MedProcLib.scene.tables import rows_of_table

    rows = {row["tag"]: row for row in rows_of_table(table)}
    volume = slicer.util.arrayFromVolume(widget.parameters.inputVolume)
    assert rows["stat_mean"]["One"] == pytest.approx(volume[6:8, 4:7, 16:19].mean(), rel=1e-5)
    assert rows["stat_mean"]["code"] == "IBSI:Q4LE"
    assert provenance_of(table).recipe.steps[0].operation.bin_number == 16


@pytest.mark.parametrize(("modality", "preset"), [("CT", "ct"), ("PT", "pet"), ("US", "Defaults")])
def test_features_start_from_the_settings_of_the_command_line(panel, block, scene, modality, preset):
    from MedProcLib.quantification.radiomics.settings_file import settings_for

    block(modality)
    features = panel(NAME).features
    assert features.preset_box.currentText == preset
    assert features.panel.operation() == settings_for(modality)[0]
    features.panel.set_parameters({"bin_number": 16})
    features.follow(block("MR")[0])
    assert features.panel.operation().bin_number == 16 and features.panel.operation().spacing_mm == 0
    scene.Clear(0)
    features.follow(block(modality)[0])
    assert features.preset_box.currentText == preset
    assert features.panel.operation() == settings_for(modality)[0]


def test_features_of_values_without_a_unit(panel, block, finish):
    """Those of PET are taken as SUV, which is said; MR has no HU, even by settings that are for CT."""
    from MedProcLib.scene.tables import rows_of_table

    block("PT")
    widget = panel(NAME)
    widget.features.panel.editors["families"].set_value("statistics")
    widget.features.button.click()
    assert "'Image': its values are taken as SUV" in finish(widget)
    assert {"SUV"} == {row["unit"] for row in rows_of_table(widget.features.table) if row["tag"] == "stat_mean"}
    widget.features.panel.set_parameters({"families": "statistics", "intensity_unit": "HU"})
    widget.parameters.inputVolume, widget.parameters.segmentation = block("MR")
    widget.features.button.click()
    assert "taken as" not in finish(widget)
    assert {"intensity"} == {row["unit"] for row in rows_of_table(widget.features.table) if row["tag"] == "stat_mean"}


def test_features_with_perturbations(panel, block, finish):
    import slicer

    block()
    widget = panel(NAME)
    widget.features.panel.set_parameters({"families": "morphology, statistics"})
    widget.features.perturbations_box.value = 4
    widget.features.button.click()
    assert "One: Fewer than 64 voxels, so the features of shape are not reliable." in finish(widget)
    from MedProcLib.scene.provenance import provenance_of
    from MedProcLib.scene.tables import rows_of_table

    table = slicer.util.getNode("Seg features")
    rows = {row["tag"]: row for row in rows_of_table(table)}
    volume = rows["morph_volume"]
    assert volume["Two low"] < volume["Two high"] and volume["One low"] < volume["One high"] < volume["Two low"]
    assert volume["ICC"] > 0.9 > abs(rows["stat_skew"]["ICC"])
    assert provenance_of(table).inputs["perturbations"] == "4"
    given = widget.parameters.segmentation, widget.parameters.inputVolume
    again = widget.logic.features(*given, perturbations=4, segments=[segment_id(given[0], "One")])
    assert "ICC" not in rows_of_table(again)[0] and rows_of_table(again)[0]["One low"] > 0
    assert "of one there is none" in again.GetDescription()
    assert provenance_of(again).inputs["perturbations"] == "4"


def segment_id(segmentation, name):
    return segmentation.GetSegmentation().GetSegmentIdBySegmentName(name)
