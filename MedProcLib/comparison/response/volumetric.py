"""Criteria on the summed volume of the targets, by the tables of RECIST; each variant with its source."""

from .model import Case
from .outcome import Response
from .recist import assess_recist
from .size_rule import Quantity, SizeRule

# a sphere of 0.7 and 1.2 times the diameter
SPHERE_RECIST = SizeRule(Quantity.VOLUME, response_percent=100 * (1 - 0.7**3), progression_percent=100 * (1.2**3 - 1))
VOLUME_65_73 = SizeRule(Quantity.VOLUME, response_percent=65, progression_percent=73)
VOLUME_35_55 = SizeRule(Quantity.VOLUME, response_percent=35, progression_percent=55)


def assess_sphere_recist(case: Case) -> list[Response]:
    """Volumes with RECIST's thresholds carried over to spheres: PR from -65.7 %, PD from +72.8 %.

    The equivalence is that of Eisenhauer et al., Eur. J. Cancer 45, 2009, doi:10.1016/j.ejca.2008.10.026, appendix.
    """
    return assess_recist(case, "volume_recist", SPHERE_RECIST)


def assess_volume_65_73(case: Case) -> list[Response]:
    """The same thresholds as trials write them: PR from -65 %, PD from +73 % (Prasad et al., Radiology 225, 2002,
    doi:10.1148/radiol.2252011604).
    """
    return assess_recist(case, "volume_65_73", VOLUME_65_73)


def assess_volume_35_55(case: Case) -> list[Response]:
    """PR from -35 %, PD from +55 %: thresholds nearer to the measurement error of lung tumors on CT (Beaumont et al.,
    Cancer Imaging 15, 2015, doi:10.1186/s40644-015-0052-2).
    """
    return assess_recist(case, "volume_35_55", VOLUME_35_55)
