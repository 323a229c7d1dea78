"""Clean-up and shape."""
