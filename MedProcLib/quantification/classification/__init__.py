"""Classification of findings."""
