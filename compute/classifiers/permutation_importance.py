"""Permutation importance: the loss of accuracy when a feature is shuffled among the pixels.

Breiman (2001), doi:10.1023/A:1010933404324, computed on pixels of the validation parcels. Unlike impurity importance it
does not favour features with many values; the importance of correlated features is underestimated.
"""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from ..raster.blocks import run_blocks
from .classifier import Classifier

REPEATS = 3

# Enough to rank features.
PIXELS_PER_CLASS = 100


def permutation_importances(classifier: Classifier, features: NDArray[np.float32], classes: NDArray[np.integer],
                            seed: int, executor: Executor, progress: Progress) -> tuple[float, ...]:
    """Loss of accuracy by shuffling each feature.

    Parameters
    ----------
    classifier : Classifier
    features : ndarray of float32, shape (pixels, features)
        Finite; of validation pixels.
    classes : ndarray of int, shape (pixels,)
        True class indices of the classifier; -1 for a class without training pixels.
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
    accuracy = np.mean(classifier.predict_classes(features, progress.check) == classes)
    losses = [0.0] * features.shape[1]

    def work(column):
        lost = []
        for repeat in range(REPEATS):
            order = np.random.default_rng([seed, column, repeat]).permutation(len(features))
            shuffled = features.copy()
            shuffled[:, column] = features[order, column]
            lost.append(accuracy - np.mean(classifier.predict_classes(shuffled, progress.check) == classes))
        return float(np.mean(lost))

    def finish(column, loss):
        losses[column] = loss

    run_blocks(range(features.shape[1]), work, finish, executor, progress)
    return tuple(losses)
