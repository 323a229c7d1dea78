"""parameterNodeWrapper: annotated attributes become typed properties of a MRML node, bound to widgets both ways."""

import typing
import weakref

import vtk

from host.slicer_python.parameter_node.packs import isParameterPack
from host.slicer_python.parameter_node.parameters import Parameter
from host.slicer_python.parameter_node.widget_connectors import connector_for

SlicerParameterNamePropertyName = "SlicerParameterName"
MARK = "_is_parameter_node_wrapper"


def parameterNodeWrapper(classtype=None):
    """Class decorator. The decorated class is made around a vtkMRMLScriptedModuleNode."""
    if classtype is None:
        return parameterNodeWrapper
    parameters = _parameters_of(classtype)
    namespace = {name: member for name, member in vars(classtype).items() if name not in ("__dict__", "__weakref__")}
    for name, parameter in parameters.items():
        if "." not in name:
            namespace[name] = _property_of(parameter)
    for name, pack in _packs_of(classtype).items():
        namespace[name] = _property_of_pack(name, pack)
    namespace[MARK] = True
    namespace["allParameters"] = parameters
    bases = tuple(base for base in classtype.__bases__ if base is not object)
    return type(classtype.__name__, (*bases, _Wrapper), namespace)


def isParameterNodeWrapper(classOrObj):
    """True for a wrapper class or an object of one."""
    return bool(getattr(classOrObj, MARK, False))


def findChildWidgetForParameter(widget, parameter):
    """The widget of a panel that is bound to a parameter."""
    found = [child for child in widget.findChildren() if child.property(SlicerParameterNamePropertyName) == parameter]
    if not found:
        raise RuntimeError(f"No widget is bound to parameter {parameter}")
    return found[0]


class _Wrapper:
    """What every wrapper object can do.

    As in Slicer it keeps the values, and reads them again when the node says that it was modified: who is told of that
    before it, or asks within a StartModify of somebody else, gets the values of before.
    """

    allParameters: typing.ClassVar[dict[str, Parameter]] = {}

    def __init__(self, parameterNode, prefix=None):
        self.parameterNode = parameterNode
        self._bindings = {}
        self._last_tag = 0
        self._is_updating_gui = False
        self._values = {}
        self._read_values()
        wrapper = weakref.ref(self)  # it goes when its owner lets go of it, and its observer with it
        self._observation = parameterNode.AddObserver(
            vtk.vtkCommand.ModifiedEvent, lambda caller, event: wrapper()._read_values()
        )

    def __del__(self):
        self.parameterNode.RemoveObserver(self._observation)

    def getValue(self, name):
        return self._values[name] if self.isCached(name) else self._read(name)

    def setValue(self, name, value):
        was_modifying = self.StartModify()
        try:
            self.allParameters[name].write(self.parameterNode, value)
            self._values[name] = self._read(name)
        finally:
            self.EndModify(was_modifying)

    def default(self, name):
        return self.allParameters[name].default

    def dataType(self, name):
        return self.allParameters[name].annotation

    def isCached(self, name):
        return self.allParameters[name].kind != "json"

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModifying):
        return self.parameterNode.EndModify(wasModifying)

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        self.parameterNode.Modified()

    def connectGui(self, gui):
        """Bind all widgets with the SlicerParameterName property. Versions of Slicer differ in whether this returns the
        tag for disconnectGui() (Slicer issue 7547): nothing is returned, so that nobody relies on it."""
        widgets = gui.findChildren() if hasattr(gui, "findChildren") else vars(gui).values()
        bound = {}
        for widget in widgets:
            name = widget.property(SlicerParameterNamePropertyName)
            if name:
                bound[name] = widget
        self.connectParametersToGui(bound)

    def connectParametersToGui(self, mapping):
        """Bind widgets by parameter name; returns a tag for disconnectGui()."""
        unknown = [name for name in mapping if name not in self.allParameters]
        if unknown:
            raise ValueError(f"Cannot find a param with the given name: {unknown[0]}")
        connectors = {name: connector_for(widget, self.allParameters[name]) for name, widget in mapping.items()}
        self._show(connectors)
        connections = [self._follow(name, connector) for name, connector in connectors.items() if connector.changed]
        observation = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._show(connectors))
        self._last_tag += 1
        self._bindings[self._last_tag] = (observation, connections)
        return self._last_tag

    def disconnectGui(self, tag):
        observation, connections = self._bindings.pop(tag, (None, ()))
        if observation is not None:
            self.RemoveObserver(observation)
        for signal, slot in connections:
            signal.disconnect(slot)

    def _show(self, connectors):
        if self._is_updating_gui:
            return
        self._is_updating_gui = True
        try:
            for name, connector in connectors.items():
                value = self.getValue(name)
                if connector.read() != value:
                    connector.write(value)
        finally:
            self._is_updating_gui = False

    def _follow(self, name, connector):
        def on_changed():
            if not self._is_updating_gui:
                self.setValue(name, connector.read())

        connector.changed.connect(on_changed)
        return connector.changed, on_changed

    def _read_values(self):
        self._values = {name: self._read(name) for name in self.allParameters}

    def _read(self, name):
        parameter = self.allParameters[name]
        self._write_default_if_missing(parameter)  # a closed scene keeps the node but empties it
        return parameter.read(self.parameterNode)

    def _write_default_if_missing(self, parameter):
        if not parameter.is_in(self.parameterNode) and not (
            parameter.kind == "node" and parameter.default.value is None
        ):
            parameter.write(self.parameterNode, parameter.default.value)


def _parameters_of(classtype, prefix: str = "") -> dict[str, Parameter]:
    parameters = {}
    for name, annotation in typing.get_type_hints(classtype, include_extras=True).items():
        kind = _bare_type(annotation)
        if isParameterPack(kind):
            parameters.update(_parameters_of(kind, f"{prefix}{name}."))
            continue
        class_default = vars(classtype).get(name)
        has_default = name in vars(classtype)
        parameters[prefix + name] = Parameter(prefix + name, annotation, class_default, has_default)
    return parameters


def _packs_of(classtype) -> dict[str, type]:
    hints = typing.get_type_hints(classtype, include_extras=True)
    return {name: _bare_type(hint) for name, hint in hints.items() if isParameterPack(_bare_type(hint))}


def _bare_type(annotation):
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is typing.Annotated else annotation


def _property_of(parameter: Parameter) -> property:
    return property(
        lambda self: self.getValue(parameter.name), lambda self, value: self.setValue(parameter.name, value)
    )


def _property_of_pack(name: str, pack: type) -> property:
    """Reading gives a pack of the values now; writing a pack writes its members."""
    members = list(typing.get_type_hints(pack))

    def read(self):
        return pack(**{member: _read_member(self, f"{name}.{member}", pack, member) for member in members})

    def write(self, value):
        was_modifying = self.StartModify()
        for member in members:
            _write_member(self, f"{name}.{member}", getattr(value, member))
        self.EndModify(was_modifying)

    return property(read, write)


def _read_member(wrapper, dotted: str, pack: type, member: str):
    kind = _bare_type(typing.get_type_hints(pack, include_extras=True)[member])
    if isParameterPack(kind):
        nested = typing.get_type_hints(kind)
        return kind(**{name: _read_member(wrapper, f"{dotted}.{name}", kind, name) for name in nested})
    return wrapper.getValue(dotted)


def _write_member(wrapper, dotted: str, value) -> None:
    if isParameterPack(value):
        for member in typing.get_type_hints(type(value)):
            _write_member(wrapper, f"{dotted}.{member}", getattr(value, member))
    else:
        wrapper.setValue(dotted, value)
