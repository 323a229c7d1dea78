"""Case of the list of PET foci."""

from .case import Case
from .pet_body import SIZE, pet_body, pet_labels

CASES = {
    "segmentation.pet_findings": [
        Case(
            image=pet_body,
            size=SIZE,
            spacing=(6.0,) * 3,
            things={"labels": pet_labels},
            flat=False,
            share=2.0,  # the place of the organs decides, and a body that stands on its head is another one
            scale_free=False,
        )
    ],
}
