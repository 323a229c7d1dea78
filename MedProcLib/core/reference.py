"""The reference page of the operations, in Markdown, from their declarations."""

from collections.abc import Iterable

from .operation import Declaration
from .units import shown


def reference_page(declarations: Iterable[Declaration]) -> str:
    """One section per operation: what it does, takes, gives, its parameters and its source."""
    return "# Operations\n\n" + "\n".join(_section(declaration) for declaration in declarations)


def _section(d: Declaration) -> str:
    takes = ", ".join((*d.inputs, *(f"{name} (optional)" for name in d.optional_inputs)))
    lines = [
        f"## {d.title}",
        "",
        f"`{d.name}`: takes {takes}; gives {', '.join(d.gives)}; {' and '.join(f'{n}D' for n in d.dimensions)}.",
        "",
        d.description,
        "",
    ]
    if d.parameters:
        lines += ["| parameter | default | allowed | meaning |", "|---|---|---|---|"]
        for p in d.parameters:
            default = str(p.default).lower() if p.kind == "bool" else f"{p.default} {shown(p.unit)}".rstrip()
            allowed = p.limits.replace("|", "\\|")
            lines.append(f"| `{p.name}` | {default} | {allowed} | {p.meaning} |")
        lines.append("")
    lines += [f"Source: {d.source}", ""]
    return "\n".join(lines)
