"""Permutation importance: the loss of accuracy when a feature is shuffled among the pixels.

Breiman (2001), doi:10.1023/A:1010933404324, computed on pixels of the validation parcels. Unlike impurity importance it
does not favour features with many values; the importance of correlated features is underestimated.
"""

import numpy as np

from ..raster.blocks import run_blocks

REPEATS = 3

# Enough to rank features.
PIXELS_PER_CLASS = 100


def permutation_importances(traversal, features, classes, seed, executor, progress):
    """Loss of accuracy by shuffling each feature.

    Parameters
    ----------
    traversal : TreeTraversal
    features : ndarray of float32, shape (pixels, features)
        Finite; of validation pixels.
    classes : ndarray of int, shape (pixels,)
        True class numbers of the forest; -1 for a class without training pixels.
    seed : int
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    tuple of float
        Mean over the repeats for each feature; about 0, or slightly below, for an irrelevant feature.

    Raises
    ------
    Cancelled
        If the user cancelled.
    """
    accuracy = np.mean(traversal.classes(features, progress.check) == classes)
    losses = [0.0] * features.shape[1]

    def work(column):
        lost = []
        for repeat in range(REPEATS):
            order = np.random.default_rng([seed, column, repeat]).permutation(len(features))
            shuffled = features.copy()
            shuffled[:, column] = features[order, column]
            lost.append(accuracy - np.mean(traversal.classes(shuffled, progress.check) == classes))
        return float(np.mean(lost))

    def finish(column, loss):
        losses[column] = loss

    run_blocks(range(features.shape[1]), work, finish, executor, progress)
    return tuple(losses)
