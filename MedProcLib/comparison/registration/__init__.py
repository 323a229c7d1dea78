"""What surrounds the alignment of two images: landmarks, mutual information, mean spaces, deformation figures."""
