"""Sentinel-2 products: finding, reading, masking and stacking them."""
