"""Grey-value morphology."""
