"""How far a measured figure may be from the truth: 95 % intervals from the voxel grid, the border and the noise."""
