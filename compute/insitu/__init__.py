"""In-situ parcels: preparation, split into training and validation, rasterisation, zonal statistics."""
