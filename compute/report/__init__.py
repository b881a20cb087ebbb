"""HTML reports and their figures, without subject."""
