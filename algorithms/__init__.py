"""The tools: one file each, grouped as in the Toolbox."""
