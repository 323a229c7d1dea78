"""What a library's exception says, in one line for a reader."""

import re

LONGEST = 200


def one_line(error: BaseException) -> str:
    """The last line of the message (ITK puts the reason there), without ITK's prefixes and addresses."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = lines[-1] if lines else type(error).__name__
    return re.sub(r"^((sitk::ERROR|ITK ERROR|Reason|\w+\(0x\w+\)):\s*)+", "", line).rstrip(".")[:LONGEST]
