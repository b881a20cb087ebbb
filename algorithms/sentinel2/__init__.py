"""Tools for Sentinel-2 products."""
