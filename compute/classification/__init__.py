"""Classification of rasters: reference data, training, prediction, diagnostics and reports."""
