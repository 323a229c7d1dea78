"""The two measures of likeness by which volumes are aligned."""

CORRELATION_RATIO, MUTUAL_INFORMATION = "correlation_ratio", "mutual_information"
