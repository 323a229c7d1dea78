"""Chains of steps that delineate a structure, as recipe files."""
