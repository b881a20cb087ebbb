"""Sentinel-1 GRD products: reading, calibration, noise, geocoding."""
