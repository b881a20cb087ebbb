"""Tools for sea ice from Sentinel-1 and ice charts."""
