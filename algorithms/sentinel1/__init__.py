"""Tools for Sentinel-1 products."""
