from dataclasses import replace

import pytest

from MedProcLib.comparison.response.eligibility import propose_targets
from MedProcLib.comparison.response.rano_rule import targets as rano_targets

from .building import HERE, UNSEEN, case_of, new, other


def found(*lesions, **more):
    return propose_targets(case_of(*lesions, **more))


def test_at_most_five_and_two_an_organ_largest_first():
    sizes = {"A": 50, "B": 40, "C": 30}
    lesions = [
        other(f"{o}{i}", s, organ=o) for o, size in sizes.items() for i, s in enumerate((size, size - 1, size - 2))
    ]
    proposal = found(*lesions)
    assert proposal.targets == ("A0", "A1", "B0", "B1", "C0")
    assert "already has 2" in proposal.reasons["A2"] and "already 5" in proposal.reasons["C1"]


def test_lesions_without_an_organ_count_as_of_one_and_that_is_said():
    reasons = found(*(other(f"L{i}", size, organ="") for i, size in enumerate((30, 20, 15)))).reasons
    assert reasons["L0"] == "30 mm: measurable"
    assert reasons["L2"] == "one organ, as none is named, already has 2 larger targets"


def test_every_organ_is_represented_before_one_is_taken_twice():
    lesions = [other("L1", 90), other("L2", 80)] + [other(o, 11, organ=o) for o in ("lung", "bone", "skin", "spleen")]
    assert set(found(*lesions).targets) == {"L1", "lung", "bone", "skin", "spleen"}


def test_nodes_are_one_organ_wherever_they_are():
    nodes = [other(f"N{i}", 20 + i, node=True, organ=place) for i, place in enumerate(("axilla", "neck", "groin"))]
    assert found(*nodes).targets == ("N2", "N1")


@pytest.mark.parametrize(
    ("lesion", "thick", "taken"),
    [
        (other("X", 10), None, True),
        (other("X", 9.9), None, False),
        (other("X", 10), 5, True),
        (other("X", 10), 6, False),
        (other("X", 12), 6, True),
        (other("X", 15, node=True), None, True),
        (other("X", 14.9, node=True), None, False),
        (other("X", 9.9, node=True), None, False),
        (other("X", (30, 14.9), node=True), None, False),
        (other("X", HERE), None, False),
        (other("X", UNSEEN), None, False),
    ],
)
def test_measurable(lesion, thick, taken):
    proposal = found(lesion, times={0: {"slice_thickness_mm": thick}})
    assert (proposal.targets == ("X",)) is taken
    assert set(proposal.reasons) == {"X"}


def test_new_lesions_are_never_proposed_and_nothing_gives_nothing():
    assert found(other("A", 20, 20), new("B", None, 90)).targets == ("A",)
    assert found(count=1).targets == ()


def test_the_rule_can_be_another():
    lesions = [other(f"L{i}", (20 + i, 11)) for i in range(4)] + [other("flat", (40, 9))]
    assert propose_targets(case_of(*lesions), rano_targets(5)).targets == ("L3", "L2", "L1", "L0")
    assert propose_targets(case_of(*lesions), replace(rano_targets(5), most=2)).targets == ("L3", "L2")


def test_the_order_of_the_lesions_does_not_matter():
    lesions = [other(f"L{i}", 20 + i % 3, organ=f"organ {i % 4}") for i in range(10)]
    assert found(*lesions).targets == found(*reversed(lesions)).targets
