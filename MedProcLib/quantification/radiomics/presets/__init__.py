"""Named settings of radiomic features: one JSON file each."""
