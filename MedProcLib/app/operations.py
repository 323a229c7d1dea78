"""`operations`: what MedProc can do, from the operations' declarations."""

import json
from argparse import Namespace

from ..core.operation import Declaration
from ..core.progress import Progress
from ..core.reference import reference_page
from ..core.registry import operations
from ..core.units import shown


def run(arguments: Namespace, progress: Progress) -> None:
    if arguments.json:
        print(json.dumps([declaration.as_dict() for declaration in operations()], indent=2, ensure_ascii=False))
    elif arguments.markdown:
        print(reference_page(operations()), end="")
    else:
        print("\n\n".join(_described(declaration) for declaration in operations()))


def _described(declaration: Declaration) -> str:
    takes = ", ".join((*declaration.inputs, *(f"{name} (optional)" for name in declaration.optional_inputs)))
    lines = [
        f"{declaration.name}: {declaration.title}",
        *(f"    {line}".rstrip() for line in declaration.description.splitlines()),
        f"    takes {takes}; gives {', '.join(declaration.gives)}",
    ]
    for parameter in declaration.parameters:
        default = str(parameter.default).lower() if parameter.kind == "bool" else parameter.default
        setting = f"{parameter.name} = {default} {shown(parameter.unit)}".rstrip()
        lines.append(f"      -p {setting} ({parameter.limits}): {parameter.meaning}")
    return "\n".join([*lines, f"    source: {declaration.source}"])
