"""Post-processing of class maps: sieve, majority filter, smoothing of class probabilities."""
