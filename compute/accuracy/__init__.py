"""How right a map is: confusion matrices, scores and the report."""
