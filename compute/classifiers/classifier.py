"""The interface of all classifiers, the list of their kinds, and a trained model: a classifier with its inputs.

A new kind of classifier is a class with the methods of :class:`Classifier` and a line in ``KINDS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ..classmap.classes import MapClass
from ..insitu.pixel_sampler import PixelSample
from ..progress import Progress
from .forest_model import ForestSettings
from .random_forest import Forest
from .similarity import Similarity


class Classifier(Protocol):
    """A trained classifier of pixels; thread-safe, and picklable.

    Attributes
    ----------
    kind : str
        Value of the parameter CLASSIFIER, and name of its members in the model file; a key of ``KINDS``.
    features : tuple of str
        Names of the features, in the order of the columns of a block.
    classes : tuple of MapClass
    importances : tuple of float
        Importance of each feature in the training; empty if the kind has none.
    oob_score : float or None
        Out-of-bag accuracy; None if it is unknown.
    array_types : dict of str to (str, int)
        Type and number of dimensions of each array of the model file.
    """

    kind: str
    features: tuple[str, ...]
    classes: tuple[MapClass, ...]
    importances: tuple[float, ...]
    oob_score: float | None
    array_types: ClassVar[dict[str, tuple[str, int]]]

    @classmethod
    def fit(cls, samples: PixelSample, features: tuple[str, ...], classes: tuple[MapClass, ...],
            settings: ForestSettings, progress: Progress) -> Classifier:
        """Train a classifier.

        Parameters
        ----------
        samples : PixelSample
            Finite features; classes are indices of `classes`, each at least once.
        features : tuple of str
            Names of the features.
        classes : tuple of MapClass
        settings : ForestSettings
        progress : Progress

        Returns
        -------
        Classifier

        Raises
        ------
        UnsuitableInput
            If there are fewer than two classes.
        Cancelled
            If the user cancelled.
        """

    def predict_probabilities(self, block: NDArray[np.float32],
                              check: Callable[[], None] | None = None) -> NDArray[np.floating]:
        """Class probabilities of pixels.

        Parameters
        ----------
        block : ndarray of float32, shape (pixels, features), C order
            Finite.
        check : callable, optional
            Called regularly; raises an exception to cancel.

        Returns
        -------
        ndarray of float, shape (pixels, classes)
        """

    def predict_classes(self, block: NDArray[np.float32], check: Callable[[], None] | None = None) -> NDArray[np.intp]:
        """The most probable class of pixels, the first one in a tie.

        Parameters as for :meth:`predict_probabilities`. A kind may be faster here than with all probabilities.

        Returns
        -------
        ndarray of intp, shape (pixels,)
            Indices of `classes`.
        """

    def save(self) -> tuple[dict[str, object], dict[str, NDArray[np.generic]]]:
        """What the kind stores in the model file.

        Returns
        -------
        description : dict of str to JSON values
        arrays : dict of str to ndarray
            With the names and types of `array_types`.
        """

    @classmethod
    def load(cls, kind: str, features: tuple[str, ...], classes: tuple[MapClass, ...],
             description: dict[str, object], arrays: dict[str, NDArray[np.generic]]) -> Classifier:
        """Restore a classifier from a model file, which may be damaged or forged.

        Parameters
        ----------
        kind, features, classes
            As the attributes; already checked.
        description, arrays : dict
            As returned by :meth:`save`; the arrays have the types of `array_types`, their values are unchecked.

        Returns
        -------
        Classifier

        Raises
        ------
        UnreadableInput, ValueError, TypeError, KeyError
            If the description or the arrays are invalid.
        """


KINDS: dict[str, type[Classifier]] = {
    "random_forest": Forest,
    "extra_trees": Forest,
}


@dataclass(frozen=True, eq=False)
class Model:
    """A trained classifier with everything needed to apply it to rasters.

    Parameters
    ----------
    classifier : Classifier
    settings : ForestSettings
        Of the training.
    training_pixels : tuple of int
        Number of training pixels of each class.
    software : dict of str to str
        Versions of the software used for training.
    imputation_values : tuple of float
        Replacement of missing values of each feature; empty if pixels with missing values are not classified.
    minimums, maximums : tuple of float
        Range of each feature over the training pixels; empty if unknown.
    permutation_importances : tuple of float
        Loss of accuracy by shuffling each feature; empty if not computed.
    band_differences : tuple of (int, int)
        Indices of the pairs of bands whose normalised differences are the last features.
    training_record : str
        Positions of the training pixels, see :mod:`~..classmap.training_record`; empty if unknown.
    similarity : Similarity or None
        For smoothing of the probabilities; None disables it.
    """

    classifier: Classifier
    settings: ForestSettings
    training_pixels: tuple[int, ...]
    software: dict[str, str] = field(default_factory=dict)
    imputation_values: tuple[float, ...] = ()
    minimums: tuple[float, ...] = ()
    maximums: tuple[float, ...] = ()
    permutation_importances: tuple[float, ...] = ()
    band_differences: tuple[tuple[int, int], ...] = ()
    training_record: str = ""
    similarity: Similarity | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """tuple of str: bands, then band differences."""
        return self.classifier.features

    @property
    def classes(self) -> tuple[MapClass, ...]:
        """tuple of MapClass: the classes, in the order of the probabilities."""
        return self.classifier.classes

    @property
    def bands(self) -> tuple[str, ...]:
        """tuple of str: the features that are read from rasters, not computed."""
        return self.features[:len(self.features) - len(self.band_differences)]
