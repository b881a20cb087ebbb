"""Units of area and sizes of the Earth, in metres."""

from __future__ import annotations

SQUARE_METRES_PER_HECTARE = 10000.0
SQUARE_METRES_PER_KM2 = 1e6

# Length of a degree on the equator of WGS 84.
METRES_PER_DEGREE = 111319.49079327358

# Radius of the sphere with the mean radius, and of that with the surface, of the ellipsoid (IUGG 1980).
MEAN_EARTH_RADIUS = 6371008.8
AUTHALIC_EARTH_RADIUS = 6371007.2
