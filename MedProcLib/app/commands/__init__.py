"""The commands and their arguments. Others call them from scripts: they are a promise and only grow."""

from . import classifiers, images, many, measurements, segmentations, studies

COMMANDS = (
    *images.COMMANDS,
    *segmentations.COMMANDS,
    *measurements.COMMANDS,
    *classifiers.COMMANDS,
    *studies.COMMANDS,
    *many.COMMANDS,
)
