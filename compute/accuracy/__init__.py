"""Accuracy assessment of class maps: confusion matrices, scores, area estimates and reports."""
