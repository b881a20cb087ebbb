"""In-situ parcels: splitting them, and sampling rasters with them."""
