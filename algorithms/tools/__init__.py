"""Tools that help with the others."""
