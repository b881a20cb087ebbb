"""Tools that prepare in-situ data: parcels with known classes."""
