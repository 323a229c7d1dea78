"""How a result came about, as data that travels with it: node attributes, reports, file headers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import __version__
from .errors import InputError
from .recipe import Recipe


@dataclass(frozen=True)
class Provenance:
    """Software, the recipe that ran, and the inputs it ran on (role -> name the user knows it by).

    edits: what a reader did to the result afterwards, in order ("edited by NAME on DATE").
    """

    recipe: Recipe
    inputs: Mapping[str, str] = field(default_factory=dict)
    software: str = f"MedProc {__version__}"
    edits: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        record: dict[str, Any] = {
            "software": self.software,
            **self.recipe.as_dict(),
            "inputs": dict(self.inputs),
        }
        if self.edits:
            record["edits"] = list(self.edits)
        return record

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Provenance":
        """Read back what to_json wrote. Raises InputError."""
        try:
            record = json.loads(text)
            return cls(
                Recipe.from_dict({"recipe": record["recipe"], "steps": record["steps"]}),
                record["inputs"],
                record["software"],
                tuple(record.get("edits", ())),
            )
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise InputError(f"The provenance record cannot be read: {error}.") from None
