"""Tools that classify rasters and assess maps."""
