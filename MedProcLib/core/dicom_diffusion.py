"""The b-value of a diffusion image: DICOM's own tag (0018,9087), or the one of the scanner's maker.

Where each maker keeps it: Li et al., J Neurosci Methods 264:47-56, 2016 (dcm2niix), and the conformance statements.
"""

from typing import Any

# Group, private creator, element in its block.
OF_MAKERS = (
    (0x0019, "SIEMENS MR HEADER", 0x0C),
    (0x0043, "GEMS_PARM_01", 0x39),
    (0x2001, "Philips Imaging DD 001", 0x03),
    (0x0065, "Image Private Header", 0x09),
)
# With the creators' elements, of the block that they have in the files of the scanners.
B_VALUE_TAGS = ["DiffusionBValue", *((group << 16) + at for group, _, e in OF_MAKERS for at in (0x10, 0x1000 + e))]
GE_FLAGS = 100_000  # GE adds multiples of it to the value


def b_value(header: Any) -> float | None:
    """The b-value in s/mm², None where it is not stated."""
    stated = _number(header.get("DiffusionBValue"))
    for group, creator, element in OF_MAKERS:
        if stated is not None:
            break
        try:
            stated = _number(header.private_block(group, creator)[element].value)
        except (KeyError, AttributeError, ValueError):
            continue
        if stated is not None and creator == "GEMS_PARM_01":
            stated %= GE_FLAGS
    return stated


def _number(value: Any) -> float | None:
    """The first of one or several values; None of an empty one (left by an anonymization, say) and of no number."""
    try:
        return float(value if isinstance(value, str | bytes | int | float) else next(iter(value)))
    except (TypeError, ValueError, StopIteration):
        return None
