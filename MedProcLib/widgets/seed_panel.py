"""Seeds: point lists and painted segments chosen by the user, and the buttons that place points."""

from collections.abc import Callable, Sequence
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..scene.placement import interaction_node, is_placing, start_placing, stop_placing
from ..scene.seeds import POINT_LIST, SEGMENTATION, add_seed_list, content_key_of_seeds
from .volume_choice import CheckedVolumes

_Markups = slicer.vtkMRMLMarkupsNode
POINT_EVENTS = (
    _Markups.PointModifiedEvent,
    _Markups.PointPositionDefinedEvent,
    _Markups.PointPositionUndefinedEvent,
    _Markups.PointRemovedEvent,
)


class SeedPanel(VTKObservationMixin):
    """Works on widgets of a .ui file: nodes_box (qMRMLCheckableNodeComboBox), place_button (checkable), new_button.

    get_nodes, set_nodes: the chosen nodes, kept by the caller; changed(): called when a seed was placed, moved,
    painted or removed. Call show() when the chosen nodes may be others, close() when the module goes.
    """

    def __init__(
        self,
        nodes_box: Any,
        place_button: Any,
        new_button: Any,
        get_nodes: Callable[[], list[Any]],
        set_nodes: Callable[[Sequence[Any]], None],
        changed: Callable[[], None],
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._get_nodes, self._set_nodes, self._changed = get_nodes, set_nodes, changed
        self.nodes = CheckedVolumes(nodes_box, set_nodes)
        self.place_button, self.new_button = place_button, new_button
        self._key: tuple = ()
        self._observed: list[Any] = []
        self._showing = False
        place_button.connect("toggled(bool)", self._on_place)
        new_button.connect("clicked()", self.new_list)

    def show(self) -> None:
        """Show the chosen nodes, and listen to them."""
        chosen = self._get_nodes()
        self.nodes.show(chosen)
        if chosen != self._observed:
            self.removeObservers()
            self._observed = chosen
            for node in chosen:
                self._observe(node)
            interaction = interaction_node()
            event = slicer.vtkMRMLInteractionNode.InteractionModeChangedEvent
            self.addObserver(interaction, event, self._on_mode)
        self._key = content_key_of_seeds(chosen)
        self._on_mode()

    def current_list(self) -> Any:
        """The point list that the button places points in: the last one chosen, or None."""
        lists = [node for node in self._get_nodes() if node.IsA(POINT_LIST)]
        return lists[-1] if lists else None

    def new_list(self) -> None:
        """Begin a list for the next object, and place points in it."""
        chosen = self._get_nodes()
        node = add_seed_list(_("Object {number}").format(number=len(chosen) + 1))
        self._set_nodes([*chosen, node])
        self.show()
        start_placing(node)
        self._on_mode()

    def stop(self) -> None:
        """Stop placing points."""
        if self.place_button.checked:
            self.place_button.checked = False

    def close(self) -> None:
        """The scene closes or the module goes."""
        self.removeObservers()
        self._observed, self._key = [], ()

    def _observe(self, node: Any) -> None:
        if node.IsA(SEGMENTATION):
            event = slicer.vtkSegmentation.SourceRepresentationModified
            self.addObserver(node.GetSegmentation(), event, self._on_seeds)
            return
        for event in POINT_EVENTS:
            self.addObserver(node, event, self._on_seeds)

    def _on_seeds(self, caller: Any = None, event: Any = None) -> None:
        key = content_key_of_seeds(self._get_nodes())
        if key != self._key:
            self._key = key
            self._changed()

    def _on_place(self, on: bool) -> None:
        if self._showing:
            return
        if not on:
            stop_placing()
        elif self.current_list() is None:
            self.new_list()
        else:
            start_placing(self.current_list())

    def _on_mode(self, caller: Any = None, event: Any = None) -> None:
        self._showing = True
        self.place_button.checked = any(is_placing(node) for node in self._get_nodes())
        self._showing = False
