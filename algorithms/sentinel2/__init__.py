"""Tools that read Sentinel-2 products."""
