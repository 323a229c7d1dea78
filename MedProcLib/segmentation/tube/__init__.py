"""Vessels, airways, tubes."""
