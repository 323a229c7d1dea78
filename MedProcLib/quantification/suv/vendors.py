"""Private elements of PET scanners: (group, private creator), and the elements (their conformance statements)."""

GE = (0x0009, "GEMS_PETD_01")
GE_SCAN_START = 0x0D  # to which the voxels were corrected for decay, also in series made later
GE_ADMINISTRATION = 0x3B
SIEMENS = (0x0071, "SIEMENS MED PT")
SIEMENS_DECAY_CORRECTION = 0x22
PHILIPS = (0x7053, "Philips PET Private Group")
PHILIPS_SUV_FACTOR = 0x00
PHILIPS_ACTIVITY_FACTOR = 0x09
