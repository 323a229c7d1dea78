"""Where a file is written: proposed where the last one was, under a name that every system takes."""

import pytest


@pytest.fixture
def asked(app, monkeypatch, tmp_path):
    """asked.answer is what the user chooses; asked.proposed what the dialog was opened with."""
    import qt

    from MedProcLib.widgets import file_choice

    class Asked:
        answer, proposed = "", ""

        def ask(self, name, kinds="Table (*.csv *.tsv)"):
            return file_choice.ask_where_to_write(None, "Export", name, kinds)

    said = Asked()

    def dialog(parent, title, path, kinds):
        said.proposed = path
        return said.answer

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", dialog)
    monkeypatch.setattr(file_choice, "_last", {})
    return said


def test_the_folder_of_the_last_file_is_proposed(asked, tmp_path):
    assert asked.ask("first.csv") == ""
    asked.answer = str(tmp_path / "mine.tsv")
    assert asked.ask("first.csv") == str(tmp_path / "mine.tsv")
    asked.ask("second.csv")
    assert asked.proposed == str(tmp_path / "second.csv")


def test_a_name_without_an_ending_gets_it_and_replaces_nothing_unasked(asked, tmp_path, monkeypatch):
    import slicer

    asked.answer = str(tmp_path / "mine")
    assert asked.ask("first.csv") == str(tmp_path / "mine.csv")
    (tmp_path / "mine.csv").write_text("figures")
    questions = []
    for yes in (False, True):
        monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text, yes=yes: questions.append(text) or yes)
        assert asked.ask("first.csv") == (str(tmp_path / "mine.csv") if yes else "")
    assert len(questions) == 2 and "mine.csv is there already" in questions[0]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("5: T1/T2 <b> measurements.csv", "5_ T1_T2 _b_ measurements.csv"),
        ("Läsion 'rechts'.csv", "Läsion 'rechts'.csv"),
        ("...", "unnamed"),
    ],
)
def test_names_of_nodes_become_names_of_files(app, name, file):
    from MedProcLib.widgets.file_choice import file_name

    assert file_name(name) == file
