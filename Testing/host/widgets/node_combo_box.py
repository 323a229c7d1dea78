"""qMRMLNodeComboBox: chooses a node; follows nodes that are added, removed, renamed, imported or closed."""

import slicer
import vtk
from PySide6 import QtCore, QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior

SCENE_EVENTS = ("NodeAddedEvent", "NodeRemovedEvent", "EndCloseEvent", "EndImportEvent", "EndBatchProcessEvent")
REBUILDING = ("EndCloseEvent", "EndImportEvent")  # the scene is not in that state any more then
CREATE, RENAME, DELETE = "Create new", "Rename current", "Delete current"


@behavior(
    "qMRMLNodeComboBox",
    showChildNodeTypes=True,
    addEnabled=True,
    removeEnabled=True,
    selectNodeUponCreation=True,
    noneDisplay="None",
)
class NodeComboBox:
    """Empty and disabled until a scene is set; `nodeActivated` comes only from the user's choice in the list."""

    def _setup(self):
        self._scene = None
        self._observations = []
        self._asked_before_scene = None
        self._explicitly_none = False
        self._attributes = []
        self._type_labels = {}
        self._ids = []
        self._current = None
        self._told = None  # name of the node that was told last
        self._renamed_observation = None
        self._combo = self._make_combo()
        # as in Slicer it wishes to be as wide as the longest name that there is when it is shown first
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        QtCore.QObject.connect(self._combo, QtCore.SIGNAL("activated(int)"), self._on_activated)
        QtCore.QObject.connect(self, QtCore.SIGNAL("destroyed()"), _stop_observing(self._observations))
        self.setEnabled(False)
        self._refresh()

    def _make_combo(self):
        return QtWidgets.QComboBox(self)

    # ---- scene

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        _stop_observing(self._observations)()
        self._scene = scene
        if scene is not None:
            self._observe(scene)
        self.setEnabled(scene is not None)
        self._refresh()
        wanted, self._asked_before_scene = self._asked_before_scene, None
        if wanted in self._ids:
            self._select(wanted)

    def _observe(self, scene):
        for name in SCENE_EVENTS:

            @vtk.calldata_type(vtk.VTK_OBJECT)
            def on_event(caller, _event, node=None, name=name):  # the scene's own events are all called "NoEvent"
                self._on_scene_event(name, node)

            self._observations.append((scene, scene.AddObserver(getattr(slicer.vtkMRMLScene, name), on_event)))

    def _on_scene_event(self, event, node):
        if event == "NodeAddedEvent" and self._scene.IsImporting():
            return  # it has no id yet that holds
        if event in REBUILDING:
            self._empty()
        self._refresh()
        if event == "NodeAddedEvent" and _is_node(node) and self._accepts(node):
            emit(self, "nodeAdded(vtkMRMLNode*)", node)

    def _empty(self):
        """The list is filled anew, and has no node for a moment: none is chosen, which is told, and stays so."""
        if any(node_id is not None for node_id in self._ids):
            self._ids = [None] if self._values.get("noneEnabled") else []
            self._explicitly_none = True
            self._select(None)

    # ---- which nodes are listed

    def _nodes(self):
        if self._scene is None:
            return []
        nodes = (self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes()))
        return [node for node in nodes if self._accepts(node)]

    def _accepts(self, node):
        values = self._values
        if not any(self._is_of_type(node, name) for name in values.get("nodeTypes", ())):
            return False
        if any(node.IsA(name) for name in values.get("hideChildNodeTypes", ())):
            return False
        if node.GetHideFromEditors() and not values.get("showHidden"):
            return False
        return all(_has_attribute(node, *wanted) for wanted in self._attributes)

    def _is_of_type(self, node, name):
        return node.IsA(name) if self._values["showChildNodeTypes"] else node.GetClassName() == name

    def _refresh(self):
        nodes = self._nodes()
        none_listed = bool(self._values.get("noneEnabled"))
        self._ids = ([None] if none_listed else []) + [node.GetID() for node in nodes]
        blocked = self._combo.blockSignals(True)
        self._combo.clear()
        if none_listed:
            self._combo.addItem(self._values["noneDisplay"])
        for node in nodes:
            self._combo.addItem(node.GetName() or "")
        self._add_actions(bool(nodes))
        self._combo.blockSignals(blocked)
        self._select(self._choice_after_refresh(none_listed))

    def _add_actions(self, any_node):
        """The entries below the nodes by which the user creates, renames and deletes."""
        if self._scene is None:
            return
        self._actions = []
        if self._values["addEnabled"]:
            for type_name in self._values.get("nodeTypes", ()):
                self._actions.append((CREATE, type_name, f"{CREATE} {self._type_label(type_name)}"))
        if any_node and self._values.get("renameEnabled"):
            self._actions.append((RENAME, None, f"{RENAME} node"))
        if any_node and self._values["removeEnabled"]:
            self._actions.append((DELETE, None, f"{DELETE} node"))
        for _kind, _type, text in self._actions:
            self._combo.addItem(text)

    def _choice_after_refresh(self, none_listed):
        if self._current in self._ids and (self._current is not None or none_listed or self._explicitly_none):
            return self._current
        listed = [node_id for node_id in self._ids if node_id is not None]
        if none_listed or not listed or (self._current is None and self._explicitly_none):
            return None
        return listed[0] if self._current is None else listed[-1]

    # ---- the current node

    def currentNode(self):
        return self._scene.GetNodeByID(self._current) if self._scene is not None and self._current else None

    def get_currentNodeID(self):
        return self._current or ""

    def set_currentNodeID(self, node_id):
        self.setCurrentNodeID(node_id)

    get_currentNodeId = get_currentNodeID
    set_currentNodeId = set_currentNodeID

    def setCurrentNodeID(self, node_id):
        if self._scene is None:
            self._asked_before_scene = node_id
            return
        self._explicitly_none = not node_id
        self._select(node_id if node_id and node_id in self._ids else None)

    def setCurrentNode(self, node):
        if isinstance(node, str):
            self.setCurrentNodeID(node)
        else:
            self.setCurrentNodeID(node.GetID() if node is not None else None)

    def setCurrentNodeIndex(self, index):
        node = self.nodeFromIndex(index)
        self.setCurrentNodeID(node.GetID() if node is not None else None)

    def _select(self, node_id):
        blocked = self._combo.blockSignals(True)
        self._combo.setCurrentIndex(self._ids.index(node_id) if node_id in self._ids else -1)
        self._combo.blockSignals(blocked)
        if node_id == self._current:
            return
        self._current = node_id
        self._follow_name(self.currentNode())
        self._tell()

    def _tell(self):
        """Slicer follows the text that is shown: of a node that has the name of the one before, nothing is told."""
        node = self.currentNode()
        name = node.GetName() if node is not None else None
        if name == self._told:
            return
        self._told = name
        emit(self, "currentNodeChanged(vtkMRMLNode*)", node)
        emit(self, "currentNodeChanged(bool)", node is not None)
        emit(self, "currentNodeIDChanged(QString)", self._current or "")

    def _follow_name(self, node):
        if self._renamed_observation is not None:
            _stop_observing([self._renamed_observation])()
            if self._renamed_observation in self._observations:
                self._observations.remove(self._renamed_observation)
            self._renamed_observation = None
        if node is not None:
            shown = [node.GetName()]

            def on_modified(caller, event):
                if caller.GetName() != shown[0]:
                    shown[0] = caller.GetName()
                    self._refresh()
                    self._tell()
                    emit(self, "currentNodeRenamed(QString)", caller.GetName())

            self._renamed_observation = (node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, on_modified))
            self._observations.append(self._renamed_observation)

    def _on_activated(self, index):
        """The user chose an entry."""
        if index < len(self._ids):
            self._explicitly_none = self._ids[index] is None
            self._select(self._ids[index])
            emit(self, "nodeActivated(vtkMRMLNode*)", self.currentNode())
            return
        kind, type_name, _text = self._actions[index - len(self._ids)]
        self._select(self._current)
        if kind == CREATE:
            node = self.addNode(type_name)
            emit(self, "nodeAddedByUserAction(vtkMRMLNode*)", node)
        elif kind == RENAME:
            self.renameCurrentNode()
        else:
            self.removeCurrentNode()

    # ---- properties and calls that change the list

    def set_nodeTypes(self, types):
        self._values["nodeTypes"] = list(types)
        self._refresh()

    def set_noneEnabled(self, enabled):
        self._values["noneEnabled"] = enabled
        self._refresh()

    def set_noneDisplay(self, text):
        self._values["noneDisplay"] = text
        self._refresh()

    def set_showHidden(self, shown):
        self._values["showHidden"] = shown
        self._refresh()

    def set_showChildNodeTypes(self, shown):
        self._values["showChildNodeTypes"] = shown
        self._refresh()

    def set_hideChildNodeTypes(self, types):
        self._values["hideChildNodeTypes"] = list(types)
        self._refresh()

    def set_addEnabled(self, enabled):
        self._values["addEnabled"] = enabled
        self._refresh()

    def set_removeEnabled(self, enabled):
        self._values["removeEnabled"] = enabled
        self._refresh()

    def set_renameEnabled(self, enabled):
        self._values["renameEnabled"] = enabled
        self._refresh()

    def addAttribute(self, node_type, name, value=None):
        self._attributes.append((node_type, name, value))
        self._refresh()

    def removeAttribute(self, node_type, name):
        self._attributes = [wanted for wanted in self._attributes if wanted[:2] != (node_type, name)]
        self._refresh()

    def nodeCount(self):
        return len(self._nodes())

    def nodeFromIndex(self, index):
        nodes = self._nodes()
        return nodes[index] if 0 <= index < len(nodes) else None

    # ---- creating, renaming, removing

    def addNode(self, node_type=None):
        node_type = node_type or self._values["nodeTypes"][0]
        name = self._values.get("baseName") or self._type_label(node_type)
        node = self._scene.AddNewNodeByClass(node_type, self._scene.GenerateUniqueName(name))
        if node is None:
            return None
        for wanted_type, attribute, value in self._attributes:
            if node.IsA(wanted_type):
                node.SetAttribute(attribute, "" if value is None else str(value))
        self._refresh()
        if self._values["selectNodeUponCreation"]:
            self._select(node.GetID())
        emit(self, "nodeAddedByUser(vtkMRMLNode*)", node)
        return node

    def removeCurrentNode(self):
        node = self.currentNode()
        if node is not None:
            emit(self, "nodeAboutToBeRemoved(vtkMRMLNode*)", node)
            self._scene.RemoveNode(node)

    def renameCurrentNode(self):
        """The application asks the user for the name; there is none to ask here."""

    def editCurrentNode(self):
        emit(self, "nodeAboutToBeEdited(vtkMRMLNode*)", self.currentNode())

    def setNodeTypeLabel(self, label, node_type):
        self._type_labels[node_type] = label

    def nodeTypeLabel(self, node_type):
        return self._type_labels.get(node_type, "")

    def addMenuAction(self, action):
        """Actions of a module below the list are not shown."""

    def _type_label(self, node_type):
        if node_type in self._type_labels:
            return self._type_labels[node_type]
        node = self._scene.CreateNodeByClass(node_type) if self._scene is not None else None
        if node is None:
            return node_type
        node.UnRegister(None)
        return node.GetNodeTagName()


def _is_node(thing) -> bool:
    return thing is not None and thing.IsA("vtkMRMLNode")


def _has_attribute(node, node_type: str, name: str, value) -> bool:
    """Nodes of another type are not asked for the attribute; without a value, any value will do."""
    if not node.IsA(node_type):
        return True
    own = node.GetAttribute(name)
    return own is not None and (value is None or own == str(value))


def _stop_observing(observations: list):
    """A function that removes the observations, free of references to the widget."""

    def stop():
        while observations:
            observed, tag = observations.pop()
            observed.RemoveObserver(tag)

    return stop
