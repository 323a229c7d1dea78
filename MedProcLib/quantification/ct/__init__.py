"""Figures of CT: density, calcium and body composition."""
