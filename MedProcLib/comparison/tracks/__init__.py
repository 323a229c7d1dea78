"""Findings followed over many time points: matching, tracks and the patient's file."""
