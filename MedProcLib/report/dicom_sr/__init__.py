"""Measurements as DICOM objects: a report by TID 1500, and the segmentation that its groups refer to."""
