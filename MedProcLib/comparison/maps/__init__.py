"""Change maps."""
