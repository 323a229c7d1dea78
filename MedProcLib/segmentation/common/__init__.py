"""What segmentation operations share; no operation of its own."""
