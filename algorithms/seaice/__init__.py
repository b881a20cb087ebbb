"""Tools for sea-ice mapping from Sentinel-1 scenes and ice charts."""
