"""Linear alignment of two volumes in their half-way space: a wide search, then symmetric Gauss-Newton refinement."""
