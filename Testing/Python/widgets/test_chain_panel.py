"""A chain's panel gives back the recipe it shows, with switched-off steps kept."""

import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.core.recipe import Recipe, Step
from MedProcLib.core.registry import create_operation


@pytest.fixture
def recipe():
    return Recipe(
        (
            Step(create_operation("segmentation.bright_outliers", {"low": 1.25})),
            Step(create_operation("segmentation.remove_small"), enabled=False),
        )
    )


@pytest.fixture
def chain(scene, recipe):
    from MedProcLib.widgets.chain_panel import ChainPanel

    told = []
    panel = ChainPanel(recipe, lambda: told.append(panel.recipe()))
    panel.told = told
    return panel


def test_round_trip(chain, recipe):
    assert chain.recipe() == recipe
    other = Recipe((Step(recipe.steps[0].operation, False), Step(create_operation("segmentation.remove_small"))))
    chain.set_recipe(other)
    assert chain.recipe() == other
    assert chain.told == []


def test_switching_a_step_off_disables_its_parameters_and_is_told(chain):
    chain.steps[0].enabled_box.click()
    assert not chain.steps[0].operation_panel.widget.enabled
    assert [len(recipe.enabled_steps) for recipe in chain.told] == [0]


def test_parameters_unfold(chain):
    chain.widget.show()
    step = chain.steps[0]
    assert not step.operation_panel.widget.visible
    step.unfold_button.click()
    assert step.operation_panel.widget.visible
    step.unfold_button.click()
    assert not step.operation_panel.widget.visible


def test_a_recipe_of_other_operations_is_refused(chain, recipe):
    with pytest.raises(InputError, match="remove_small"):
        chain.set_recipe(Recipe(recipe.steps[1:]))
    assert chain.recipe() == recipe


def test_an_only_step_stays_on(scene):
    from MedProcLib.widgets.chain_panel import ChainPanel

    panel = ChainPanel(Recipe.of(create_operation("quantification.measure")))
    panel.widget.show()
    assert panel.steps[0].operation_panel.widget.visible
    assert not panel.steps[0].enabled_box.visible
