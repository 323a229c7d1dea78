"""The chain editor: what it shows is a recipe at every moment, and files of recipes come in whole or not at all."""

import json

import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.core.recipe import Recipe, Step
from MedProcLib.core.registry import create_operation, find_operation, operations

N4, NLM, GAUSSIAN = (f"enhancement.{name}" for name in ("n4", "non_local_means", "gaussian"))


@pytest.fixture
def recipe():
    return Recipe(
        (
            Step(create_operation(N4)),
            Step(create_operation(NLM, {"search_radius_mm": 4.25}), enabled=False),
            Step(create_operation(GAUSSIAN)),
        )
    )


@pytest.fixture
def editor(scene, recipe):
    from MedProcLib.widgets.chain_editor import ChainEditor

    told, said = [], []
    panel = ChainEditor(
        recipe,
        operations("enhancement"),
        lambda: told.append(panel.recipe()),
        lambda message, is_problem: said.append((message, is_problem)),
    )
    panel.told, panel.said = told, said
    panel.widget.show()
    return panel


def names(editor):
    return [step.operation.declaration.name for step in editor.recipe().steps]


def shown(editor):
    """Names of the steps in the order of their widgets on the screen."""
    import slicer

    slicer.app.processEvents()
    return [panel.declaration.name for panel in sorted(editor.steps, key=lambda panel: panel.widget.y)]


def test_round_trip_is_not_told(editor, recipe):
    assert editor.recipe() == recipe
    other = Recipe((recipe.steps[2], recipe.steps[0], recipe.steps[2]))
    editor.set_recipe(other)
    assert editor.recipe() == other and shown(editor) == [GAUSSIAN, N4, GAUSSIAN]
    editor.set_recipe(Recipe())
    assert editor.recipe() == Recipe() and editor.empty_label.visible and not editor.save_button.enabled
    assert editor.told == []


def test_move_keeps_parameters_and_folds(editor, recipe):
    middle = editor.steps[1]
    middle.unfold(True)
    middle.up_button.click()
    assert editor.recipe().steps == (recipe.steps[1], recipe.steps[0], recipe.steps[2])
    assert shown(editor) == [NLM, N4, GAUSSIAN] and editor.steps[0].unfolded
    assert [panel.up_button.enabled for panel in editor.steps] == [False, True, True]
    assert [panel.down_button.enabled for panel in editor.steps] == [True, True, False]
    editor.steps[0].down_button.click()
    editor.steps[1].down_button.click()
    assert editor.recipe().steps == (recipe.steps[0], recipe.steps[2], recipe.steps[1])
    assert shown(editor) == names(editor) == [N4, GAUSSIAN, NLM]
    assert [panel.enabled_box.text[:2] for panel in editor.steps] == ["1.", "2.", "3."]
    assert editor.told[-1] == editor.recipe() and len(editor.told) == 3


def test_duplicate_reset_remove(editor, recipe):
    editor.steps[1].actions["duplicate"].trigger()
    assert editor.recipe().steps == (recipe.steps[0], recipe.steps[1], recipe.steps[1], recipe.steps[2])
    assert editor.steps[2].unfolded and not editor.steps[1].unfolded
    editor.steps[2].operation_panel.editors["search_radius_mm"].set_value(5.0)
    assert editor.recipe().steps[1] == recipe.steps[1], "the copy is a step of its own"
    editor.steps[1].actions["reset"].trigger()
    assert editor.recipe().steps[1] == Step(create_operation(NLM), enabled=False)
    editor.steps[0].actions["remove"].trigger()
    assert names(editor) == shown(editor) == [NLM, NLM, GAUSSIAN]
    assert editor.told[-1] == editor.recipe() and len(editor.told) == 3


def test_switching_off_is_told(editor):
    editor.steps[0].enabled_box.click()
    assert [step.enabled for step in editor.told[-1].steps] == [False, False, True]
    assert not editor.steps[0].operation_panel.widget.enabled


def test_the_menu_offers_every_operation_in_its_group(editor):
    offered = {}
    for title, submenu in editor.add_menu.groups.items():
        offered[title] = [action.text for action in submenu.actions()]
    expected = {}
    for declaration in operations("enhancement"):
        expected.setdefault(declaration.group, set()).add(declaration.title)
    assert {title: set(texts) for title, texts in offered.items()} == expected
    noise = editor.add_menu.groups["Noise"]
    next(action for action in noise.actions() if action.text == find_operation(NLM).title).trigger()
    assert names(editor)[-1] == NLM and editor.recipe().steps[-1] == Step(create_operation(NLM))
    assert editor.steps[-1].unfolded and len(editor.told) == 1


def test_search(editor):
    menu = editor.add_menu

    def visible():
        return {declaration.name for declaration, action in menu.found if action.visible}

    assert visible() == set()
    menu.search_field.text = "non-local"
    assert NLM in visible() and N4 not in visible()
    assert not any(submenu.menuAction().visible for submenu in menu.groups.values())
    menu.search_field.text = "coil bias"
    assert visible() <= {d.name for d in operations("enhancement") if "bias" in (d.title + d.description).lower()}
    menu.search_field.text = find_operation(GAUSSIAN).title
    before = len(editor.steps)
    menu.search_field.returnPressed.emit()
    assert len(editor.steps) == before + 1 and names(editor)[-1] in visible()
    menu.search_field.text = ""
    assert visible() == set() and all(submenu.menuAction().visible for submenu in menu.groups.values())


def test_save_and_load(editor, recipe, tmp_path, monkeypatch):
    import qt

    path = tmp_path / "chain.json"
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: str(path))
    editor.save_button.click()
    assert Recipe.load(path) == recipe
    editor.set_recipe(Recipe())
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: str(path))
    editor.load_button.click()
    assert editor.recipe() == recipe and editor.told == [recipe]
    assert [is_problem for _, is_problem in editor.said] == [False, False]


def test_a_cancelled_dialog_does_nothing(editor, recipe, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: "")
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: "")
    editor.save_button.click()
    editor.load_button.click()
    assert editor.recipe() == recipe and editor.said == [] and editor.told == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "not valid JSON"),
        ('{"recipe": 99, "steps": []}', "version 99"),
        ('{"recipe": 1, "steps": [{"operation": "enhancement.gausian"}]}', "enhancement.gaussian"),
        ('{"recipe": 1, "steps": [{"operation": "enhancement.n4", "parameters": {"size": 3}}]}', "step 1"),
        ('{"recipe": 1, "steps": [{"operation": "segmentation.body_mask"}]}', "does not belong"),
    ],
)
def test_a_bad_file_leaves_the_chain_as_it_was(editor, recipe, tmp_path, monkeypatch, content, message):
    import qt

    path = tmp_path / "bad.json"
    path.write_text(content)
    editor.steps[0].unfold(True)
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: str(path))
    editor.load_button.click()
    assert editor.recipe() == recipe and editor.steps[0].unfolded and editor.told == []
    said, is_problem = editor.said[-1]
    assert message in said and is_problem


def test_a_place_that_cannot_be_written_to_is_told(editor, tmp_path, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: str(tmp_path / "gone" / "chain.json"))
    editor.save_button.click()
    assert editor.said[-1][1] and "cannot be written" in editor.said[-1][0]


def test_a_foreign_operation_is_refused(editor, recipe):
    with pytest.raises(InputError, match=r"Step 2 \(segmentation.body_mask\)"):
        editor.set_recipe(Recipe.of(create_operation(N4), create_operation("segmentation.body_mask")))
    assert editor.recipe() == recipe


def test_a_saved_recipe_is_what_the_command_line_reads(editor, tmp_path):
    editor.save(str(tmp_path / "chain.json"))
    data = json.loads((tmp_path / "chain.json").read_text())
    assert [step["operation"] for step in data["steps"]] == [N4, NLM, GAUSSIAN]
    assert data["steps"][1]["parameters"]["search_radius_mm"] == 4.25 and data["steps"][1]["enabled"] is False


def test_titles_fit_at_the_narrowest_panel(scene):
    """Every operation's title, with its number and buttons, has room in a module panel of 350 pixels."""
    import slicer

    from MedProcLib.widgets.chain_editor import ChainEditor

    every = operations("enhancement")
    editor = ChainEditor(Recipe.of(*(declaration.create() for declaration in every)), every)
    editor.widget.setFixedWidth(318)  # what the section leaves of 350
    editor.widget.show()
    slicer.app.processEvents()
    cut = [p.enabled_box.text for p in editor.steps if p.enabled_box.width < p.enabled_box.sizeHint.width()]
    assert cut == []
