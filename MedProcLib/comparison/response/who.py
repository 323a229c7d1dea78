"""WHO criteria: products of two diameters, progression lesion by lesion."""

from dataclasses import replace

from .model import Case, Kind
from .other_lesions import new_part, non_target_part
from .outcome import Category, Part, Response
from .overall import overall
from .recist import Parts, baseline_response, response_of
from .size_change import Sums, rises, target_part
from .size_rule import Quantity, SizeRule, TargetRule
from .sizes import lesion_size, number

# products follow a lesion to its disappearance: no size of a node is normal
RULE = SizeRule(Quantity.PRODUCT, response_percent=50, progression_percent=25, normal_node_mm=0)
TARGETS = TargetRule(long_mm=0, node_short_mm=None, most=None, most_per_organ=None)


def assess_who(case: Case) -> list[Response]:
    """Responses by the WHO criteria, one a time point, the first being baseline.

    Source: Miller et al., Cancer 47, 1981, doi:10.1002/1097-0142(19810101)47:1<207::AID-CNCR2820470134>3.0.CO;2-6.
    PR: the sum of products falls by at least 50 % from baseline; PD: the product of one or more lesions rises by at
    least 25 % (here over that lesion's smallest, baseline included), or a new lesion; responses hold when confirmed
    after 4 weeks. SD is WHO's "no change".
    """
    sums = Sums.of(case, RULE)
    responses = [baseline_response("who", sums, TARGETS)]
    for index in range(1, len(case.time_points)):
        target = _target(sums, index) if case.of(Kind.TARGET) else None
        parts = Parts(target, non_target_part(case, index), new_part(case, index))
        category = overall(parts.target, parts.non_target, parts.new)
        responses.append(response_of("who", case, index, category, parts.named))
    return responses


def _target(sums: Sums, index: int) -> Part:
    part = target_part(sums, index)
    grown = _grown(sums, index)
    return replace(part, category=Category.PD, steps=(*part.steps, *grown)) if grown else part


def _grown(sums: Sums, index: int) -> list[str]:
    """A step for each target whose product rose over its own smallest."""
    case, steps = sums.case, []
    for lesion in case.of(Kind.TARGET):
        sizes = [lesion_size(lesion, time, sums.rule).value for time in case.time_points[: index + 1]]
        before = [size.value for size in sizes[:-1] if size is not None]
        now = sizes[-1]
        if before and now is not None and rises(now.value, min(before), sums.rule):
            steps.append(
                f"{lesion.id} from {number(min(before))} to {number(now.value)} mm²: progression of one lesion"
            )
    return steps
