"""How a stack of Sentinel-2 dates is shown: which day, and between which values."""

import numpy as np
from osgeo import gdal
from qgis.core import QgsContrastEnhancement, QgsMultiBandColorRenderer

GAMMA = 1.3  # brighter shadows, as the eye sees them
SAMPLE = 400  # pixels along each edge from which statistics are taken


class Stack:
    """The bands of a stack by name, such as B04_20180627, and samples of their values.

    Parameters
    ----------
    path : pathlib.Path
    """

    def __init__(self, path):
        self._raster = gdal.Open(str(path))
        bands = (self._raster.GetRasterBand(number + 1) for number in range(self._raster.RasterCount))
        self._numbers = {band.GetDescription(): band.GetBand() for band in bands}

    def number(self, name):
        """Counted from 1."""
        return self._numbers[name]

    def days(self):
        """All dates, as 20180627."""
        return sorted({name.rpartition("_")[2] for name in self._numbers})

    def sample(self, name):
        """Physical values of some pixels, without those that have no data."""
        band = self._raster.GetRasterBand(self.number(name))
        width, height = min(band.XSize, SAMPLE), min(band.YSize, SAMPLE)
        stored = band.ReadAsArray(buf_xsize=width, buf_ysize=height)
        return stored[stored != band.GetNoDataValue()] * (band.GetScale() or 1.0)

    def greenest_day(self):
        """The day with the highest mean NDVI."""
        return max(self.days(), key=lambda day: self.sample(f"NDVI_{day}").mean())


def colour_by(layer, stack, names, together):
    """Show three bands as red, green and blue; stretched `together` they look natural, each alone colourful."""
    samples = [stack.sample(name) for name in names]
    ranges = [np.percentile(np.concatenate(samples) if together else sample, (1, 99)) for sample in samples]
    renderer = QgsMultiBandColorRenderer(layer.dataProvider(), *map(stack.number, names))
    for (lowest, highest), number, give in zip(ranges, map(stack.number, names), (
            renderer.setRedContrastEnhancement, renderer.setGreenContrastEnhancement,
            renderer.setBlueContrastEnhancement)):
        stretch = QgsContrastEnhancement(layer.dataProvider().dataType(number))
        stretch.setContrastEnhancementAlgorithm(
            QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum)
        stretch.setMinimumValue(float(lowest))
        stretch.setMaximumValue(float(highest))
        give(stretch)
    layer.setRenderer(renderer)
    layer.brightnessFilter().setGamma(GAMMA)
