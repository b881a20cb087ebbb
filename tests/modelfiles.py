"""Small model files, trained on the synthetic scene of :mod:`.fieldscene`."""

import numpy as np

from . import fieldscene


def grow_model(path, values, names=("B04", "B08"), trees=30, **settings):
    """Train a forest on all fields of the scene and write its model file.

    Parameters
    ----------
    path : path
    values : ndarray, shape (bands, rows, columns)
        The fields are in the upper-left corner.
    names : sequence of str
    trees : int
    **settings
        Fields of :class:`ForestSettings`.

    Returns
    -------
    str
        The path.
    """
    from floefield.compute.classifiers.classifier import Model
    from floefield.compute.classifiers.forest_model import ForestSettings
    from floefield.compute.classifiers.model_file import save_model
    from floefield.compute.classifiers.random_forest import Forest
    from floefield.compute.classmap.classes import class_table
    from floefield.compute.insitu.pixel_sampler import PixelSample
    from floefield.compute.progress import Progress

    pixels, classes = [], []
    for number, crop, _ in fieldscene.fields():
        row, column = (index * fieldscene.FIELD + 1 for index in divmod(number, fieldscene.COLUMNS))
        pixels.append(values[:, row:row + 6, column:column + 6].reshape(len(values), -1).T)
        classes += [fieldscene.CROPS.index(crop)] * 36
    settings = ForestSettings(**{"trees": trees, "threads": 1, "classifier": "random_forest", "band_differences": False,
                                 **settings})
    features = np.concatenate(pixels).astype(np.float32)
    sample = PixelSample(features=features, classes=np.array(classes), parcels=np.repeat(np.arange(30), 36),
                         available=np.full(3, 360))
    forest = Forest.fit(sample, tuple(names), class_table(fieldscene.CROPS), settings, Progress())
    save_model(str(path), Model(
        classifier=forest, settings=settings, training_pixels=(360, 360, 360),
        minimums=tuple(features.min(axis=0).tolist()), maximums=tuple(features.max(axis=0).tolist())))
    return str(path)
