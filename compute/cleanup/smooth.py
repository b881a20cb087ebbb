"""A class map without specks and frayed borders, by one of four methods."""

from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput
from ..forest.timeleft import TimeLeft
from ..raster.blocks import make_executor, run_blocks
from ..raster.reader import RasterReader
from ..raster.writer import create_raster
from .classmap import EDGE, classes_of, like, read_classes, require_same_grid, values_in, with_nodata
from .filters import binomial_weights, gaussian_weights, majority, smooth
from .sieve import Sieve

METHODS = ("sieve", "majority", "gaussian", "binomial")
FROM_PROBABILITIES = ("gaussian", "binomial")
CONNECTEDNESS = ("4", "8")


@dataclass(frozen=True)
class SmoothSettings:
    """How a class map is cleaned.

    Parameters
    ----------
    method : {"sieve", "majority", "gaussian", "binomial"}
        The last two smooth probabilities and take the most probable class.
    min_pixels : int
        Of the sieve: smaller patches take the class of their largest neighbour. 10 pixels of 10 m are 0.1 hectare.
    connectedness : {"4", "8"}
        Of the sieve: whether pixels that touch at a corner hang together.
    window : int
        Of majority and binomial: odd, in pixels.
    sigma : float
        Of the Gaussian: standard deviation in pixels.
    threads : int
        0 lets Floefield choose.
    """

    method: str = "majority"
    min_pixels: int = 10
    connectedness: str = "4"
    window: int = 3
    sigma: float = 1.0
    threads: int = 0


def smooth_classification(classification, entries, probabilities, output, settings, progress):
    """Clean a class map.

    Parameters
    ----------
    classification : str
        Path of the map.
    entries : sequence of LegendEntry
        What its files say of its values.
    probabilities : str
        Path of the raster of class probabilities, for the methods that need it: one band for each class, named by its
        code, name or value, or as many bands as the map has classes, in the order of their values.
    output : str
        GeoTIFF to write; same grid, values, nodata, colours and names.
    settings : SmoothSettings
    progress : Progress

    Returns
    -------
    float
        Share of the pixels with a class that have another class now.

    Raises
    ------
    UnsuitableInput, UnreadableInput, OutputError
    Cancelled
    """
    progress = TimeLeft(progress, "done")
    with make_executor(settings.threads) as executor, RasterReader(classification) as reader:
        values = values_in(reader, executor, progress.part(0.0, 0.1))
        classes = classes_of(values, entries)
        with _Cleaner(reader, classes, values, probabilities, settings) as cleaner:
            prepared = 0.9 if settings.method == "sieve" else 0.1
            cleaner.prepare(executor, progress.part(0.1, prepared))
            layout, side_files = like(reader, cleaner.classes or classes)
            changed = mapped = 0
            with create_raster(output, layout, side_files) as raster:

                def finish(window, result):
                    nonlocal changed, mapped
                    cleaned, valid, before = result
                    changed += np.count_nonzero((cleaned != before) & valid)
                    mapped += np.count_nonzero(valid)
                    raster.write(window, with_nodata(cleaned, valid, layout))

                run_blocks(cleaner.blocks, cleaner.clean, finish, executor, progress.part(prepared, 1.0))
    return changed / max(1, mapped)


class _Cleaner:
    """One of the methods at work; used by several threads at once."""

    def __init__(self, reader, classes, values, probabilities, settings):
        self._reader, self._settings = reader, settings
        self.classes = ()
        self.blocks = list(reader.grid.blocks(EDGE, EDGE))
        self._probabilities = self._sieve = None
        if settings.method == "sieve":
            self._sieve = Sieve(reader, settings.min_pixels, int(settings.connectedness))
            self.blocks = self._sieve.blocks
        elif settings.method in FROM_PROBABILITIES:
            self._weights = (gaussian_weights(settings.sigma) if settings.method == "gaussian"
                             else binomial_weights(settings.window))
            self._probabilities = RasterReader(probabilities)
            try:
                require_same_grid(reader, self._probabilities)
                self._band_values = band_values(self._probabilities, classes, values)
            except UnsuitableInput:
                self._probabilities.close()
                raise
            # A class that the map shows nowhere yet may be the most probable one now.
            self.classes = tuple(each for each in classes if each.value in (*values, *self._band_values))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for opened in (self._probabilities, self._sieve):
            if opened is not None:
                opened.close()

    def prepare(self, executor, progress):
        """What has to be known of the whole map before the first block can be written."""
        if self._sieve is not None:
            count = self._sieve.survey(executor, progress)
            progress.say(f"Patches of fewer than {self._settings.min_pixels} pixels that took another class: {count}.")
        progress.step(1.0)

    def clean(self, window):
        """Classes of a block: (after, valid, before)."""
        if self._sieve is not None:
            return self._sieve.read(window)
        if self._probabilities is not None:
            before, valid = read_classes(self._reader, window)
            return self._most_probable(window, before, valid), valid, before
        radius = self._settings.window // 2
        values, valid = read_classes(self._reader, window.padded(radius))
        inner = np.s_[radius:radius + window.height, radius:radius + window.width]
        return majority(values, valid, radius), valid[inner], values[inner]

    def _most_probable(self, window, before, valid):
        """The most probable class where probabilities are known around, the class of the map elsewhere."""
        halo = window.padded(len(self._weights) // 2)
        best, most = before.copy(), np.zeros(window.shape)
        for band, value in enumerate(self._band_values):
            plane = self._probabilities.read_physical(halo, [band])[0].astype(np.float64)
            # Neighbours without data weigh the same for all classes: none of them.
            smoothed = smooth(np.nan_to_num(plane, nan=0.0), self._weights)
            better = smoothed > most
            best[better], most[better] = value, smoothed[better]
        return np.where(valid, best, before)


def band_values(probabilities, classes, values):
    """The value on the map of the class that each band of probabilities stands for.

    Parameters
    ----------
    probabilities : RasterReader
    classes : tuple of MapClass
        Of the map, as far as they are known.
    values : list of int
        That the map holds.

    Returns
    -------
    list of int

    Raises
    ------
    UnsuitableInput
        If the bands cannot be told.
    """
    names = probabilities.band_names
    for known in ({each.code: each.value for each in classes}, {each.label: each.value for each in classes},
                  {str(value): value for value in values}):
        if all(name in known for name in names):
            return [known[name] for name in names]
    if len(names) == len(values):
        return list(values)
    raise UnsuitableInput(f"{probabilities.path} has {len(names)} bands ({', '.join(names[:8])}), and the map has "
                          f"{len(values)} classes with other names. Give the class probabilities of the same run as "
                          "the map.")
