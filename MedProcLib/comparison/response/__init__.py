"""Response criteria: what a patient's lesions say together, by published rules with the arithmetic shown."""
