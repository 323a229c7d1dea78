"""MedProc: enhancement, segmentation, quantification and longitudinal comparison of medical images."""

__version__ = "0.1.0"
