"""Grid: resample, crop, turn."""
