"""Grids, blocks, reading and writing: everything that touches a raster file goes through here."""
