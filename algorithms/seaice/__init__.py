"""Tools for sea ice."""
