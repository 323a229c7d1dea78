"""Cases of the operations that need no image or a head."""

from .case import Case, ball_image, ball_labels

CASES = {
    "segmentation.components": [Case()],
    "segmentation.remove_small": [Case()],
    "segmentation.name_segments": [Case(parameters={"names": "1: bone"})],
    "segmentation.region_as_segment": [Case()],
    "segmentation.search_inside": [Case(parameters={"segment": 1})],
    # a ball of 8 mm is no head; slices are tried on a head in test_common
    "segmentation.brain_mask": [Case(flat=False, slow=True, parameters={"smallest_mm": 0})],
    "segmentation.bright_outliers": [
        Case(image=ball_image, things={"mask": ball_labels}, parameters={"smoothing_mm": 0, "background_mm": 0})
    ],
}
