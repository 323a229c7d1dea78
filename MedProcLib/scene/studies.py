"""A study for comparison from the nodes a reader chose: image, segmentation, date and modality."""

import datetime
import re

import slicer

from MedProcLib.comparison.study import Study
from MedProcLib.scene.hierarchy import attribute_of, modality_of_volume
from MedProcLib.scene.markups import named_points
from MedProcLib.scene.segmentations import labels_of_segmentation
from MedProcLib.scene.value_unit import unit_of_values
from MedProcLib.scene.volumes import image_of_volume

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


def study_of_volume(volume, segmentation=None, mask=None, date: datetime.date | None = None, landmarks=None) -> Study:
    """Study of a volume node, with the segments of a segmentation node as its label map.

    mask: segmentation node of the region to look at, all of its segments together; date: overrules what the scene
    knows (see date_of_volume); landmarks: point list. Copies the voxels. Raises InputError like image_of_volume,
    labels_of_segmentation and named_points.
    """
    image = image_of_volume(volume)
    labels, segments = labels_of_segmentation(segmentation, volume) if segmentation is not None else (None, {})
    return Study(
        name=volume.GetName(),
        image=image,
        date=date or date_of_volume(volume),
        labels=labels,
        mask=None if mask is None else labels_of_segmentation(mask, volume, later_wins=True)[0] != 0,
        modality=modality_of_volume(volume),
        source=volume.GetName(),
        unit=unit_of_values(volume),
        landmarks=() if landmarks is None else named_points(landmarks),
        names={value: segment.name for value, segment in segments.items()},
    )


def date_of_volume(volume) -> datetime.date | None:
    """Date of the study a volume belongs to, from the subject hierarchy (DICOM's StudyDate), else from its name
    (2015-03-31, 20150331 and the like); None when neither says."""
    attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMStudyDateAttributeName()
    return _date_in(attribute_of(volume, attribute)) or _date_in(volume.GetName() or "")


def _date_in(text: str) -> datetime.date | None:
    for match in _DATE.finditer(text):
        try:
            return datetime.date(*map(int, match.groups()))
        except ValueError:  # 31 February
            continue
    return None
