"""How one measured size changed between two dates, with its measurement error."""
