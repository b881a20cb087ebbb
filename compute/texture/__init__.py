"""Texture from grey-level co-occurrence matrices (Haralick and others 1973), for every pixel of a raster."""
