"""Ranges of Hounsfield units that stand for tissues, and the weights of calcium in CT."""

# Mitsiopoulos et al., J Appl Physiol 85(1), 1998
FAT_HU, MUSCLE_HU = (-190.0, -30.0), (-29.0, 150.0)
# Agatston et al., J Am Coll Cardiol 15(4), 1990: a lesion's weight by its peak, the densest first
AGATSTON_WEIGHTS = ((400.0, 4), (300.0, 3), (200.0, 2), (130.0, 1))
