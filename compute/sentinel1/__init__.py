"""Sentinel-1 GRD products: reading, calibration, noise removal, speckle filtering and geocoding."""
