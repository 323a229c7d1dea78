"""Size and shape of a segment: volume, area, diameters, boxes, axes, thickness, length, distance to another."""
