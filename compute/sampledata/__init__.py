"""Synthetic scenes with ground truth, to try every tool without a download."""
