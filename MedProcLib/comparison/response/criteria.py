"""All response criteria by name.

What their rules were checked against, beside the citations of each (full text of the papers where it says so):
- RECIST 1.1, iRECIST: EORTC's questions and answers (recist.eortc.org), tables 2 and 3 of Seymour 2017 and Persigehl
  et al., Cancer Imaging 20, 2020, in full text. Of iRECIST one exception is left out: an unscheduled scan before
  4 weeks that was made for new symptoms and shows a new lesion may confirm progression.
- WHO, Choi, modified Choi: tables of reviews (Radiopaedia; Ko et al., Biomarker Research 9, 2021; WHO also table 3 of
  Wahl 2009).
- RANO 2010, low grade: table 1 of Neuro-Oncology Advances 5, 2023, vdad118; at most 5 lesions as in Wen 2010; the first
  12 weeks after radiotherapy by the table of Wen 2010 as reprinted in Current Oncology 22, 2015, e273.
- Modified RANO: its abstract; the rules on new lesions and on confirmation are written from knowledge of the paper,
  without its text at hand, and the report says so (Criterion.caution).
- RANO 2.0: Sakata et al., Jpn. J. Radiol. 43, 2025, doi:10.1007/s11604-025-01821-6, in full text: targets, baseline,
  thresholds, the further rise that confirms, and the table of mixed tumors. It writes the limits as "more than" in a
  table and as "at least" in its text: here at least. What confirms a preliminary new lesion it does not say: here that
  it is still there.
- PERCIST: tables of three reviews after Wahl 2009, which write the limit of progression as "30 %" or "more than 30 %":
  here more than 30 %. The comparability of livers (at most 20 % of the larger and 0.3 SUL) as O et al. 2016 word it.
  That no other lesion may have risen by more than 30 % for a PMR: here by 0.8 SUL as well. Not done: no PMR when a
  lesion grew by more than 30 % in size.
- Nodules: the comparison of the British and the Fleischner rules in Thorax (table 1, highwire 189438).
- Volumes -35 % and +55 %: the abstract only.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ...core.errors import InputError
from ...core.measurement import Code
from .best_response import Best, best_response
from .choi import assess_choi, assess_modified_choi
from .irecist import assess_irecist
from .model import Case
from .nodules import assess_nodules
from .outcome import Response
from .percist import assess_percist
from .rano import assess_rano
from .rano_2 import assess_rano_2
from .rano_rule import MINOR_PRODUCTS, PRODUCTS, VOLUMES, Confirm, New, RanoRule, targets
from .recist import assess_recist
from .size_rule import Quantity, SizeRule
from .volumetric import assess_sphere_recist, assess_volume_35_55, assess_volume_65_73
from .who import assess_who


@dataclass(frozen=True)
class Criterion:
    """title: for the reader; source: citation; assess: its responses; confirm: True where responses must be confirmed,
    None where the protocol decides, False where the criterion has no such rule; code: DICOM's, where it has one;
    caution: how far its rules are sure, for the reader.
    """

    title: str
    source: str
    assess: Callable[[Case], list[Response]]
    confirm: bool | None = None
    code: Code | None = None
    caution: str = ""


def _rano(name: str, rule: RanoRule) -> Callable[[Case], list[Response]]:
    return functools.partial(assess_rano, criterion=name, rule=rule)


def _rano_2(name: str, quantity: Quantity) -> Callable[[Case], list[Response]]:
    return functools.partial(assess_rano_2, criterion=name, quantity=quantity)


def _modified(size: SizeRule) -> RanoRule:
    return RanoRule(
        size, targets(5), Confirm.ALWAYS, further=True, new=New.ADDED, t2_flair=False, baseline_days=(21, 35)
    )


_UNCHECKED = "Its rules could not be compared with the full text of the source: check them before relying on them."
_REVIEWED = "Its rules are those that a review of the source gives (Sakata et al., Jpn. J. Radiol. 43, 2025)."
_WEN_2010 = "Wen et al., J. Clin. Oncol. 28, 2010, doi:10.1200/JCO.2009.26.3541"
_LGG_2011 = "van den Bent et al., Lancet Oncol. 12, 2011, doi:10.1016/S1470-2045(11)70057-2"
_MRANO = "Ellingson et al., Neurotherapeutics 14, 2017, doi:10.1007/s13311-016-0507-6"
_RANO_2 = "Wen et al., J. Clin. Oncol. 41, 2023, doi:10.1200/JCO.23.01059"
_HIGH_GRADE = RanoRule(PRODUCTS, targets(5), window_counts=False)
_LOW_GRADE = RanoRule(MINOR_PRODUCTS, targets(5), t2_flair=False)

CRITERIA: Mapping[str, Criterion] = MappingProxyType(
    {
        "recist_1_1": Criterion(
            "RECIST 1.1",
            "Eisenhauer et al., Eur. J. Cancer 45, 2009, doi:10.1016/j.ejca.2008.10.026",
            assess_recist,
            code=Code("DCM", "126081", "RECIST 1.1"),
        ),
        "irecist": Criterion(
            "iRECIST", "Seymour et al., Lancet Oncol. 18, 2017, doi:10.1016/S1470-2045(17)30074-8", assess_irecist
        ),
        "who": Criterion(
            "WHO",
            "Miller et al., Cancer 47, 1981, doi:10.1002/1097-0142(19810101)47:1<207::AID-CNCR2820470134>3.0.CO;2-6",
            assess_who,
            confirm=True,
        ),
        "rano_2010": Criterion(
            "RANO 2010, high grade",
            _WEN_2010,
            _rano("rano_2010", _HIGH_GRADE),
            confirm=True,
        ),
        "rano_lgg_2011": Criterion("RANO 2011, low grade", _LGG_2011, _rano("rano_lgg_2011", _LOW_GRADE), confirm=True),
        "mrano": Criterion(
            "Modified RANO, products", _MRANO, _rano("mrano", _modified(PRODUCTS)), confirm=True, caution=_UNCHECKED
        ),
        "mrano_volume": Criterion(
            "Modified RANO, volumes",
            _MRANO,
            _rano("mrano_volume", _modified(VOLUMES)),
            confirm=True,
            caution=_UNCHECKED,
        ),
        "rano_2": Criterion(
            "RANO 2.0, products", _RANO_2, _rano_2("rano_2", Quantity.PRODUCT), confirm=True, caution=_REVIEWED
        ),
        "rano_2_volume": Criterion(
            "RANO 2.0, volumes",
            _RANO_2,
            _rano_2("rano_2_volume", Quantity.VOLUME),
            confirm=True,
            caution=_REVIEWED,
        ),
        "percist_1_0": Criterion(
            "PERCIST 1.0",
            "Wahl et al., J. Nucl. Med. 50(suppl. 1), 2009, doi:10.2967/jnumed.108.057307",
            assess_percist,
            confirm=False,
        ),
        "choi": Criterion("Choi", "Choi et al., J. Clin. Oncol. 25, 2007, doi:10.1200/JCO.2006.07.3049", assess_choi),
        "modified_choi": Criterion("Modified Choi", "Nathan et al., Cancer Biol. Ther. 9, 2010", assess_modified_choi),
        "volume_recist": Criterion(
            "Volumes, RECIST carried over to spheres",
            "Eisenhauer et al., Eur. J. Cancer 45, 2009, doi:10.1016/j.ejca.2008.10.026",
            assess_sphere_recist,
        ),
        "volume_65_73": Criterion(
            "Volumes, -65 % and +73 %",
            "Prasad et al., Radiology 225, 2002, doi:10.1148/radiol.2252011604",
            assess_volume_65_73,
        ),
        "volume_35_55": Criterion(
            "Volumes, -35 % and +55 %",
            "Beaumont et al., Cancer Imaging 15, 2015, doi:10.1186/s40644-015-0052-2",
            assess_volume_35_55,
        ),
        "nodule_growth": Criterion(
            "Lung nodules, volume doubling time",
            "Callister et al., Thorax 70(suppl. 2), 2015, doi:10.1136/thoraxjnl-2015-207168",
            assess_nodules,
            confirm=False,
        ),
    }
)


def criterion(name: str) -> Criterion:
    """A criterion by name. Raises InputError that lists the names when there is none."""
    if name not in CRITERIA:
        raise InputError(f"There is no response criterion '{name}'; there are: {', '.join(CRITERIA)}.")
    return CRITERIA[name]


def assess(name: str, case: Case) -> list[Response]:
    """The response at each time point, baseline first, by the criterion of this name, with what is in doubt there."""
    doubts = {point.label: point.in_doubt for point in case.time_points if point.in_doubt}
    responses = criterion(name).assess(case)
    return [replace(r, doubts=(*r.doubts, doubts[r.time])) if r.time in doubts else r for r in responses]


def best(name: str, case: Case) -> Best:
    """The best overall response by the criterion of this name, confirmed where criterion or protocol ask for it.

    Raises InputError for nodule growth, which grades no response.
    """
    found = criterion(name)
    if found.assess is assess_nodules:
        raise InputError("Nodule growth is no response to treatment: it has no best response.")
    return best_response(found.assess(case), case, found.confirm)
