"""Tools that support the other tools."""
