"""Raster grids, block processing, reading, writing and resampling."""
