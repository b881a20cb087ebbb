"""Synthetic scenes with reference data, to try all tools without a download."""
