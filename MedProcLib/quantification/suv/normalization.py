"""What uptake is normalized to: body weight, lean body mass, ideal weight or body surface, from weight, height and sex.

The formulas are those of DICOM's SUV Type (PS3.3 C.8.9.1, PS3.16 CID 85), as Sugawara et al. (Radiology 213, 1999)
and the manual of IBSI-SUV (Vacha et al., 2026) state them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...core.errors import InputError
from ...core.measurement import Code

# BMI in kg/m2 beyond which James' lean mass falls as weight grows: a W - b (W/H)^2 is largest at W/H^2 = a / 2b.
JAMES_LARGEST_BMI = {"F": 36.1, "M": 43.0, "O": 36.1}


@dataclass(frozen=True)
class Normalization:
    """suv_type: DICOM's term; ucum: unit of the values (PS3.16 CID 85, as in core.units).

    formula(weight kg, height cm, sex 'M' or 'F') gives kg, or m2 for body surface.
    """

    suv_type: str
    name: str
    ucum: str
    code: Code
    source: str
    formula: Callable[[float, float, str], float]
    words: str
    needs: tuple[str, ...] = ()
    per_unit: float = 1000.0

    def size(self, weight_kg: float, height_cm: float | None, sex: str | None) -> float:
        """g (cm2 for body surface) to normalize to; for sex 'O' the mean of both. Raises InputError."""
        sexes = ("M", "F") if sex == "O" else (sex or "",)
        sizes = [self.formula(weight_kg, height_cm or 0.0, one) for one in sexes]
        size = sum(sizes) / len(sizes)
        if not min(sizes) > 0:
            raise InputError(
                f"A {self.name} of {size:.3g} kg follows from a weight of {weight_kg:g} kg and a height of "
                f"{height_cm:g} cm: the formula does not hold for them; check both, or normalize by bw."
            )
        return size * self.per_unit


def _weight(weight: float, height: float, sex: str) -> float:
    return weight


def _lean(multiplier: float) -> Callable[[float, float, str], float]:
    def formula(weight: float, height: float, sex: str) -> float:
        if sex == "F":
            return 1.07 * weight - 148 * (weight / height) ** 2
        return 1.10 * weight - multiplier * (weight / height) ** 2

    return formula


def _janmahasatian(weight: float, height: float, sex: str) -> float:
    bmi = weight / (height / 100) ** 2
    return 9270 * weight / (8780 + 244 * bmi if sex == "F" else 6680 + 216 * bmi)


def _ideal(weight: float, height: float, sex: str) -> float:
    return 45.5 + 0.91 * (height - 152) if sex == "F" else 48.0 + 1.06 * (height - 152)


def _surface(weight: float, height: float, sex: str) -> float:
    return 0.007184 * weight**0.425 * height**0.725


BODY = ("height", "sex")
NORMALIZATIONS = {
    "bw": Normalization(
        "BW",
        "body weight",
        "{SUVbw}g/ml",
        Code("DCM", "126401", "SUVbw"),
        "DICOM PS3.3 C.8.9.1.1.3",
        _weight,
        "W",
    ),
    "lbm": Normalization(
        "LBM",
        "lean body mass",
        "{SUVlbm}g/ml",
        Code("DCM", "126402", "SUVlbm"),
        "Morgan & Bray, J. Nucl. Med. Technol. 22, 1994; Sugawara et al., Radiology 213, 1999",
        _lean(120),
        "M: 1.10 W - 120 (W/H)^2, F: 1.07 W - 148 (W/H)^2",
        BODY,
    ),
    "lbmjames128": Normalization(
        "LBMJAMES128",
        "lean body mass (James)",
        "{SUVlbm(James128)}g/ml",
        Code("DCM", "126406", "SUVlbm(James128)"),
        "James & Waterlow, Research on Obesity, HMSO 1976",
        _lean(128),
        "M: 1.10 W - 128 (W/H)^2, F: 1.07 W - 148 (W/H)^2",
        BODY,
    ),
    "lbmjanma": Normalization(
        "LBMJANMA",
        "lean body mass (Janmahasatian)",
        "{SUVlbm(Janma)}g/ml",
        Code("DCM", "126405", "SUVlbm(Janma)"),
        "Janmahasatian et al., Clin. Pharmacokinet. 44, 2005",
        _janmahasatian,
        "M: 9270 W / (6680 + 216 BMI), F: 9270 W / (8780 + 244 BMI)",
        BODY,
    ),
    "bsa": Normalization(
        "BSA",
        "body surface area",
        "{SUVbsa}cm2/ml",
        Code("DCM", "126403", "SUVbsa"),
        "Du Bois & Du Bois, Arch. Intern. Med. 17, 1916; Kim et al., J. Nucl. Med. 35, 1994",
        _surface,
        "0.007184 W^0.425 H^0.725",
        ("height",),
        per_unit=1e4,
    ),
    "ibw": Normalization(
        "IBW",
        "ideal body weight",
        "{SUVibw}g/ml",
        Code("DCM", "126404", "SUVibw"),
        "Sugawara et al., Radiology 213, 1999",
        _ideal,
        "M: 48.0 + 1.06 (H - 152), F: 45.5 + 0.91 (H - 152)",
        BODY,
    ),
}


def quantity_in(ucum: str) -> Code | None:
    """What values of a UCUM unit are, which says by which formula; None where it is no SUV's."""
    return next((one.code for one in NORMALIZATIONS.values() if one.ucum == ucum), None)


def normalization_of(suv_type: str) -> Normalization:
    """By DICOM's SUV Type. Raises InputError for one DICOM does not define."""
    for normalization in NORMALIZATIONS.values():
        if normalization.suv_type == suv_type:
            return normalization
    known = ", ".join(normalization.suv_type for normalization in NORMALIZATIONS.values())
    raise InputError(
        f"SUV Type (0054,1006) is '{suv_type}', which is none of DICOM's ({known}): what the values were normalized to "
        "is unknown; export the series in BQML."
    )
