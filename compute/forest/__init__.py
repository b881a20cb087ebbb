"""Random forests: training, a model file without pickle, and prediction by blocks."""
