"""Names that do not fit keep what tells them apart, and are whole in the tooltip."""

import pytest


@pytest.mark.parametrize(
    ("name", "most", "shown"),
    [
        ("FLAIR", 32, "FLAIR"),
        ("x" * 32, 32, "x" * 32),
        ("FLAIR 2021 white-matter lesions (accepted)", 20, "FLAIR 2021…accepted)"),
        ("Läsion im Mark, rechts", 11, "Läsio…echts"),
    ],
)
def test_the_middle_is_left_out(app, name, most, shown):
    from MedProcLib.widgets.name_tips import elided

    assert elided(name, most) == shown and len(elided(name, most)) <= most


def test_names_that_would_look_alike_are_told_apart(app):
    """In a narrow table both lobes were 'lung_…_left', and every segment of one program 'Segm…tic)'."""
    from MedProcLib.widgets.name_tips import told_apart

    shown = told_apart(["lung_upper_lobe_left", "lung_lower_lobe_left", "lung_lower_lobe_right", "liver"], 11)
    assert list(shown.values()) == ["…uppe…_left", "…lowe…_left", "lung_lower_lobe_right", "liver"]
    shown = told_apart(["Vertebra T11 (automatic)", "Vertebra T12 (automatic)", "Vertebra L1 (automatic)"], 12)
    assert list(shown.values()) == ["…T11 (…atic)", "…T12 (…atic)", "…L1 (a…atic)"]
    assert told_apart(["node of the neck", "node of the neck"], 9) == {"node of the neck": "node of the neck"}


def test_a_box_offers_them_with_the_whole_name_as_tooltip(app):
    import qt

    from MedProcLib.widgets.name_tips import fill_with_names

    box = qt.QComboBox()
    box.addItem("of before")
    names = ["Short", "Findings of the follow-up study of 2021 (proposed)", "Findings of the follow-up study of 2021"]
    fill_with_names(box, names)
    assert box.count == 3 and box.itemText(0) == "Short"
    assert box.itemText(1) != box.itemText(2) and box.itemText(1).endswith("(proposed)")
    assert [box.itemData(number, qt.Qt.ToolTipRole) for number in range(3)] == names


def test_a_tip_of_a_name_with_tags_is_shown_as_it_is(app):
    from PySide6.QtGui import Qt, QTextDocument

    from MedProcLib.widgets.name_tips import plain_tip

    name = '<b>T1</b> & "<i>contrast</i>"\nthe volume'
    shown = QTextDocument()
    shown.setHtml(plain_tip(name))
    assert Qt.mightBeRichText(plain_tip(name)) and shown.toPlainText() == name
    assert plain_tip("T1 & T2\nsecond line") == "T1 & T2\nsecond line"
