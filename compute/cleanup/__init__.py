"""Cleaning up class maps: specks removed, borders smoothed, colours and names kept."""
