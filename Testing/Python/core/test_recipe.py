"""Recipes: validated on load, run alike everywhere, written and read back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
import SimpleITK as sitk

from MedProcLib.core import registry
from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.operation import operation
from MedProcLib.core.parameters import Range
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe, Step
from MedProcLib.core.reference import reference_page

ROOT = Path(__file__).resolve().parents[3]


@operation("test.add", title="Add", gives="image", source="made for the test")
class Add:
    """Add a number."""

    amount: Annotated[float, Range(-10, 10), "what is added"] = 1.0

    def __call__(self, image, progress=SILENT):
        return image + self.amount


@operation("test.double", title="Double", gives=("image", "mask"), source="made for the test")
class Double:
    """Double the values and give where they are above 3."""

    def __call__(self, image, mask=None, progress=SILENT):
        return image * 2, image * 2 > 3


@operation("test.count", title="Count", gives="table", source="made for the test")
class Count:
    """Count labels."""

    def __call__(self, image, labels, progress=SILENT):
        return []


def start():
    return sitk.Image([3, 3], sitk.sitkFloat32)


def text_of(*steps, **extra):
    return json.dumps({"recipe": 1, "steps": list(steps), **extra})


def n4(**parameters):
    return {"operation": "enhancement.n4", "parameters": parameters}


def test_steps_run_in_order_and_hand_on_by_name():
    things = Recipe.of(Add(amount=2), Double(), Add(amount=-1)).run(image=start())
    assert things["image"][0, 0] == 3.0 and things["mask"][0, 0] == 1


def test_a_disabled_step_is_not_run():
    recipe = Recipe((Step(Add(amount=2)), Step(Double(), enabled=False)))
    assert recipe.run(image=start())["image"][0, 0] == 2.0
    assert [number for number, _ in recipe.enabled_steps] == [1]


def test_the_given_things_stay_as_they_were():
    image = start()
    Recipe.of(Add()).run(image=image)
    assert image[0, 0] == 0.0


def test_written_and_read_back_with_what_is_switched_off():
    recipe = Recipe.from_json(text_of(n4(iterations=20), {**n4(), "enabled": False}))
    assert Recipe.from_json(recipe.to_json()) == recipe
    first, second = recipe.as_dict()["steps"]
    assert first["parameters"]["iterations"] == 20 and "enabled" not in first and second["enabled"] is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "A recipe is a JSON object"),
        ('{"recipe": 2, "steps": []}', "version 2; this MedProc reads version 1"),
        ('{"recipe": 1, "steps": {}}', "steps must be a list"),
        (text_of(name="x"), "The recipe has an unknown entry 'name'"),
        (text_of({"parameters": {}}), "step 1 must be an object"),
        (text_of({"operation": "enhancement.n5"}), r"step 1 .*no operation .*did you mean enhancement.n4"),
        (text_of(n4(), {"operation": "nonsense"}), r"step 2 \(nonsense\): there is no operation"),
        (text_of(n4(), n4(size=1)), r"step 2 \(enhancement.n4\): .*no parameter 'size'; it has: "),
        (text_of(n4(iterations=0)), r"step 1 \(enhancement.n4\): parameter 'iterations' is 0; allowed: 1 to 500"),
        (text_of({**n4(), "when": "now"}), "unknown entry 'when'"),
        (text_of({**n4(), "enabled": 1}), "'enabled' true or false"),
    ],
)
def test_a_faulty_recipe_is_refused_with_step_and_parameter(text, message):
    with pytest.raises(InputError, match=message):
        Recipe.from_json(text)


def test_a_recipe_file_is_named_in_its_error(tmp_path):
    with pytest.raises(InputError, match=r"missing\.json cannot be read: No such file"):
        Recipe.load(tmp_path / "missing.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"bytes\.json cannot be read"):
        Recipe.load(tmp_path / "bytes.json")
    (tmp_path / "faulty.json").write_text(text_of(n4(iterations=0)))
    with pytest.raises(InputError, match=r"faulty\.json: step 1"):
        Recipe.load(tmp_path / "faulty.json")


def test_an_error_in_a_step_names_it():
    with pytest.raises(InputError, match=r"Step 2 \(test.count\): Count needs labels"):
        Recipe.of(Add(), Count()).run(image=start())


def test_progress_is_shared_by_the_steps_and_cancel_stops_between_them():
    seen = []
    Recipe.of(Add(), Add()).run(Progress(lambda fraction, _: seen.append(fraction)), image=start())
    assert seen == [0.0, 0.5, 0.5, 1.0]
    progress = Progress(lambda fraction, _: fraction >= 0.5 and progress.cancel())
    with pytest.raises(Cancelled):
        Recipe.of(Add(), Add()).run(progress, image=start())


def test_provenance_is_read_back_with_its_recipe_and_edits():
    recipe = Recipe.from_json(text_of(n4(iterations=20)))
    record = Provenance(recipe, {"image": "brain"}, edits=("edited by A on 2025-01-01",))
    again = Provenance.from_json(record.to_json())
    assert again.as_dict() == record.as_dict() and again.recipe == recipe
    assert again.software.startswith("MedProc ")


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"recipe": 1, "steps": []}', "3"])
def test_a_faulty_provenance_record_is_refused(text):
    with pytest.raises(InputError, match="provenance record cannot be read"):
        Provenance.from_json(text)


def test_the_reference_page_has_the_parameters_and_the_source():
    page = reference_page([Add.declaration, Double.declaration])
    assert "## Add\n\n`test.add`: takes image; gives image; 2D and 3D." in page
    assert "| `amount` | 1.0 | -10 to 10 | what is added |" in page
    assert "takes image, mask (optional); gives image, mask" in page
    assert page.count("Source: made for the test") == 2


def test_operations_are_found_without_a_list_and_by_area():
    names = [declaration.name for declaration in registry.operations()]
    assert names == sorted(names) and {name.split(".")[0] for name in names} <= set(registry.AREAS)
    assert "test.add" not in names
    assert {d.area for d in registry.operations("enhancement")} == {"enhancement"}
    assert registry.operations("kitchen") == []


def test_an_operation_is_found_without_the_other_areas():
    """Importing all takes longer than a small image."""
    asked = "import sys; from MedProcLib.core.registry import find_operation as f; print(f('enhancement.n4').title); "
    asked += "print([n for n in ('segmentation.naming', 'comparison.pipeline') if f'MedProcLib.{n}' in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1] == "[]"
