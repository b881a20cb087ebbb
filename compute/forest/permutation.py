"""Permutation importance: how much accuracy is lost when a feature is shuffled among the pixels.

Breiman (2001), doi:10.1023/A:1010933404324, but measured on pixels of parcels that took no part in training. Unlike the
decrease of impurity it does not favour features with many values; features that tell the same cover for each other.
"""

import numpy as np

from ..raster.blocks import run_blocks

REPEATS = 3
# Enough to rank features, and soon done.
PIXELS_PER_CLASS = 100


def permutation_importances(walker, features, classes, seed, executor, progress):
    """Loss of accuracy by shuffling each feature.

    Parameters
    ----------
    walker : Walker
    features : ndarray of float32, shape (pixels, features)
        Finite; of pixels that did not train.
    classes : ndarray of int, shape (pixels,)
        Their true classes, as the forest counts them; -1 for a class it does not know.
    seed : int
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    tuple of float
        For each feature the mean over the repeats; about 0, or a little below, for a feature of no use.

    Raises
    ------
    Cancelled
        If the user asked to stop.
    """
    whole = np.mean(walker.classes(features, progress.check) == classes)
    losses = [0.0] * features.shape[1]

    def work(column):
        lost = []
        for repeat in range(REPEATS):
            order = np.random.default_rng([seed, column, repeat]).permutation(len(features))
            shuffled = features.copy()
            shuffled[:, column] = features[order, column]
            lost.append(whole - np.mean(walker.classes(shuffled, progress.check) == classes))
        return float(np.mean(lost))

    def finish(column, loss):
        losses[column] = loss

    run_blocks(range(features.shape[1]), work, finish, executor, progress)
    return tuple(losses)
