"""Case of the best outline around a point."""

from .case import Case, ball_image
from .case import ball_seeds as two_seeds


def middle_seed(image):
    """1 in the middle of the image."""
    return two_seeds(image) == 1


CASES = {
    # rays lie along the patient's axes, so they see the voxels of a grid that lies otherwise at other places
    "segmentation.optimal_surface": [
        Case(image=ball_image, things={"seeds": middle_seed}, parameters={"largest_radius_mm": 14}, share=0.03)
    ],
}
