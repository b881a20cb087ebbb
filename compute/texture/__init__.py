"""Texture features from grey-level co-occurrence matrices (Haralick et al. 1973) in moving windows."""
