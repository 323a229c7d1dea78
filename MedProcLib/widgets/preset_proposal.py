"""A preset proposed for the chosen volume, and used until the user makes the chain."""

from collections.abc import Callable
from typing import Any

from ..core.preset import Preset
from ..core.recipe import Recipe


class PresetProposal:
    """Which preset is proposed for a volume, and whether the chain may follow it.

    propose(volume) gives a proposal (with `preset`) or None; preset_of(recipe) the preset that a recipe is, or None;
    unlike(preset, volume) a note where a preset is for other images, else ''.
    """

    def __init__(
        self,
        propose: Callable[[Any], Any],
        preset_of: Callable[[Recipe], Preset | None],
        unlike: Callable[[Preset, Any], str],
    ) -> None:
        self._propose, self._preset_of, self._unlike = propose, preset_of, unlike
        self._noted: tuple[str, str, Preset | None, str] = ("", "", None, "")
        self._proposed_for = ""
        self.proposal: Any = None

    def forget(self) -> None:
        """The scene closes: the next volume is a new one, whatever its id."""
        self._proposed_for, self.proposal = "", None
        self._noted = ("", "", None, "")

    def is_own_choice(self, preset: Preset | None) -> bool:
        """Whether the user, choosing this, chose something else than what is proposed."""
        return self.proposal is None or preset != self.proposal.preset

    def note(self, volume: Any, preset: Preset | None) -> str:
        """What the user should know of a preset used on a volume; '' for nothing. Asks once for each pair of them."""
        if volume is None or preset is None:
            return ""
        key = (volume.GetID(), volume.GetName() or "", preset)
        if self._noted[:3] != key:
            self._noted = (*key, self._unlike(preset, volume))
        return self._noted[3]

    def for_volume(self, volume: Any, recipe: Recipe, default: Recipe, by_user: bool) -> Preset | None:
        """The preset to use now: that proposed for a volume that was not there before; None to leave the chain.

        recipe: the chain as shown; default: that of a new panel; by_user: whether the user made the chain.
        """
        name = volume.GetID() if volume is not None else ""
        if name == self._proposed_for:
            return None
        self._proposed_for = name
        self.proposal = self._propose(volume) if volume is not None else None
        untouched = recipe == default or self._preset_of(recipe) is not None
        return self.proposal.preset if self.proposal is not None and untouched and not by_user else None
