"""How well a segmentation agrees with a reference."""
