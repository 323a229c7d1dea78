"""slicer.parameterNodeWrapper: typed parameters of a module, kept in a MRML node and bound to widgets."""

from host.slicer_python.parameter_node.defaults import Default
from host.slicer_python.parameter_node.packs import isParameterPack, nestedParameterNames, parameterPack
from host.slicer_python.parameter_node.types import FloatRange
from host.slicer_python.parameter_node.validators import (
    Choice,
    Exclude,
    IsInstance,
    IsNone,
    Maximum,
    Minimum,
    NotNone,
    RangeBounds,
    Validator,
    WithinRange,
)
from host.slicer_python.parameter_node.widget_connectors import Decimals, SingleStep
from host.slicer_python.parameter_node.wrapper import (
    SlicerParameterNamePropertyName,
    findChildWidgetForParameter,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Exclude",
    "FloatRange",
    "IsInstance",
    "IsNone",
    "Maximum",
    "Minimum",
    "NotNone",
    "RangeBounds",
    "SingleStep",
    "SlicerParameterNamePropertyName",
    "Validator",
    "WithinRange",
    "findChildWidgetForParameter",
    "isParameterNodeWrapper",
    "isParameterPack",
    "nestedParameterNames",
    "parameterNodeWrapper",
    "parameterPack",
]
