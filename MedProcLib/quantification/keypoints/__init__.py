"""Key points and descriptors."""
