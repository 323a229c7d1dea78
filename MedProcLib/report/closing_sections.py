"""The limits of a comparison, and how it was made."""

import json

from ..comparison.result import Comparison
from ..core.provenance import Provenance
from .html_text import section, table, text

LIMITS = (
    "Not for clinical use. MedProc is research software and not a medical device.",
    "Findings are proposals of an algorithm. Each needs the confirmation of a qualified reader; once a reader has "
    "decided on any of them, only accepted and edited findings count in the figures.",
    "A finding smaller than a few voxels, of little contrast, outside the searched region, or outside the part of the "
    "body that both studies show is not detected.",
    "A difference of intensity can come from another scanner, protocol, contrast agent or motion, and not from the "
    "patient. Volumes of small findings depend on voxel size: compare studies of like protocol.",
    "Images of two studies are shown in the space between the studies, with matched intensities: they are resampled. "
    "Diameters are measured on each study's own voxels.",
)


def limits_section() -> str:
    lines = "".join(f"<li>{text(limit)}</li>" for limit in LIMITS)
    return section("Limits", f"<ul>{lines}</ul>")


def provenance_section(comparison: Comparison) -> str:
    inputs = {f"study {i}": study.source or study.name for i, study in enumerate(comparison.studies, 1)}
    record = Provenance(comparison.recipe, inputs).as_dict()
    steps = [
        [
            text(step["operation"]),
            text(", ".join(f"{name} = {value}" for name, value in step["parameters"].items()) or "–"),
        ]
        for step in record["steps"]
        if step.get("enabled", True)
    ]
    left = ", ".join(step["operation"] for step in record["steps"] if not step.get("enabled", True))
    return section(
        "How it was made",
        f"<p>{text(record['software'])}. The same recipe on the same studies gives the same result.</p>",
        table(["Step", "Parameters"], steps) if steps else "",
        f'<p class="note">Switched off: {text(left)}.</p>' if left else "",
        '<details class="record"><summary>Recipe and inputs as JSON</summary>'
        f"<pre>{text(json.dumps(record, indent=2))}</pre></details>",
        f"<footer>{text(record['software'])} · Not for clinical use</footer>",
    )
