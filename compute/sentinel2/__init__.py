"""Sentinel-2 products: search, metadata, cloud masks, stacks and time series."""
