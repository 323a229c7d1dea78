"""FloatRange: two floats that stay ordered."""

from host.slicer_python.parameter_node.packs import parameterPack


@parameterPack
class FloatRange:
    """Lower and upper value of a range widget."""

    minimum: float
    maximum: float

    def setRange(self, minimum, maximum):
        self.checkRange(minimum, maximum)
        self.minimum, self.maximum = minimum, maximum

    @staticmethod
    def checkRange(minimum, maximum):
        if minimum > maximum:
            raise ValueError(f"The minimum {minimum} is greater than the maximum {maximum}")
