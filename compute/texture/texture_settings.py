"""Settings of texture features, and the declarations of their parameters."""

from dataclasses import dataclass

from ..declarations import ParameterDeclaration
from ..errors import UnsuitableInput
from ..raster.blocks import SCENE_THREADS

# The ten features that SNAP has too, then the other features of Haralick et al. and the two cluster features.
SNAP_FEATURES = ("contrast", "dissimilarity", "homogeneity", "asm", "energy", "maximum", "entropy", "mean", "variance",
                 "correlation")
FEATURES = (*SNAP_FEATURES, "sum_average", "sum_variance", "sum_entropy", "difference_variance", "difference_entropy",
            "information_correlation_1", "information_correlation_2", "cluster_shade", "cluster_prominence")

# Displacement (rows down, columns right) of each angle at distance 1: 45 degrees is up and right.
DIRECTIONS = {"0": (0, 1), "45": (-1, 1), "90": (-1, 0), "135": (-1, -1)}
ANGLE_MODES = ("averaged", "pooled", "separate")
DISTANCE_MODES = ("separate", "averaged")
QUANTISATIONS = ("fixed", "equal_distance", "equal_probability")
NORMALISATIONS = ("standard", "snap")
EDGES = ("clipped", "nodata")
COMPRESSIONS = ("none", "zstd", "deflate")
WINDOWS, LEVELS, STEPS = (3, 65), (8, 128), (1, 1000)


@dataclass(frozen=True)
class TextureSettings:
    """Settings of texture features.

    Parameters
    ----------
    window : int
        Window size in pixels, odd, 3 to 65.
    levels : int
        Number of grey levels, 8 to 128.
    distances : tuple of int
        Displacement distances in pixels, each at least 1 and below `window`.
    angles : tuple of str
        Displacement angles, of ``DIRECTIONS``.
    angle_mode : {"averaged", "pooled", "separate"}
        Mean of each feature over the angles, one matrix with the pairs of all angles, or one band per angle.
    distance_mode : {"separate", "averaged"}
        One band per distance, or the mean of each feature over the distances.
    quantisation : {"fixed", "equal_distance", "equal_probability"}
        Grey levels of equal width over a fixed range or over the range of the scene, or of equal probability.
    value_range : tuple of float, optional
        (minimum, maximum) of the fixed range for all bands; by default the published range of the polarisation.
    features : tuple of str
        Of ``FEATURES``.
    step : int
        Output step in pixels: distance between window centres, and pixel size of the output.
    normalisation : {"standard", "snap"}
        Probabilities sum to 1, or to 2 as in SNAP.
    min_valid_fraction : float
        Minimum fraction (0 to 1) of valid pairs in a window; at least one pair is required.
    edges : {"clipped", "nodata"}
        At image borders: use the part of the window inside the image, or set nodata.
    compression : {"none", "zstd", "deflate"}
        Compression of the output; it reduces textures by a third at most.
    threads : int
        Number of threads; 0 for all cores but one. The output does not depend on it.
    """

    window: int = 9
    levels: int = 32
    distances: tuple = (1,)
    angles: tuple = tuple(DIRECTIONS)
    angle_mode: str = "averaged"
    distance_mode: str = "separate"
    quantisation: str = "fixed"
    value_range: tuple = None
    features: tuple = SNAP_FEATURES
    step: int = 1
    normalisation: str = "standard"
    min_valid_fraction: float = 0.5
    edges: str = "clipped"
    compression: str = "none"
    threads: int = 0

    def check(self):
        """Check the settings.

        Raises
        ------
        UnsuitableInput
            If a parameter is invalid; the message names it.
        """
        if not (WINDOWS[0] <= self.window <= WINDOWS[1] and self.window % 2):
            raise UnsuitableInput(f"WINDOW is {self.window}; it must be an odd number from {WINDOWS[0]} to "
                                  f"{WINDOWS[1]}.")
        if not LEVELS[0] <= self.levels <= LEVELS[1]:
            raise UnsuitableInput(f"LEVELS is {self.levels}; it must be {LEVELS[0]} to {LEVELS[1]}.")
        if not self.distances or min(self.distances) < 1:
            raise UnsuitableInput("DISTANCES must contain positive integers, such as 1 or 1,2,4.")
        if max(self.distances) >= self.window:
            raise UnsuitableInput(f"The distance {max(self.distances)} does not fit into a window of {self.window} "
                                  "pixels. Choose smaller DISTANCES or a larger WINDOW.")
        for name, selected in (("ANGLES", self.angles), ("FEATURES", self.features)):
            if not selected:
                raise UnsuitableInput(f"{name} is empty. Select at least one.")
        if self.step < 1:
            raise UnsuitableInput(f"STEP is {self.step}; it must be at least 1.")
        if self.value_range is not None and not self.value_range[0] < self.value_range[1]:
            raise UnsuitableInput("RANGE is {:g} to {:g}; the minimum must be smaller than the maximum.".format(
                *self.value_range))


TEXTURE_PARAMETERS = (
    ParameterDeclaration(
        "WINDOW", "Window size (pixels)",
        "Edge of the moving window, an odd number of pixels. Larger windows give less noisy textures and blur "
        "boundaries.",
        kind="integer", minimum=WINDOWS[0], maximum=WINDOWS[1], setting="window"),
    ParameterDeclaration(
        "LEVELS", "Grey levels",
        "Number of grey levels of the quantisation. More levels resolve smaller differences, but require larger "
        "windows.",
        kind="integer", minimum=LEVELS[0], maximum=LEVELS[1], setting="levels"),
    ParameterDeclaration(
        "DISTANCES", "Distances (pixels)",
        "Distance between the two pixels of a pair, smaller than the window; several separated by commas: 1,2,4. "
        "Default in SNAP: 4.",
        kind="integers", setting="distances"),
    ParameterDeclaration(
        "DISTANCE_MODE", "Combine distances",
        "Use of several distances. separate: one set of bands per distance. averaged: mean of each feature over "
        "the distances.",
        kind="enum", options=DISTANCE_MODES, advanced=True, setting="distance_mode"),
    ParameterDeclaration(
        "ANGLES", "Angles (degrees)",
        "Directions of the pixel pairs: 0 right, 45 up right, 90 up, 135 up left. Opposite directions are counted "
        "together (symmetric matrix).",
        kind="enum", options=tuple(DIRECTIONS), multiple=True, setting="angles"),
    ParameterDeclaration(
        "ANGLE_MODE", "Combine angles",
        "Use of several angles. averaged: mean of each feature over the angles. pooled: one matrix for all angles "
        "(ALL in SNAP). separate: one set of bands per angle.",
        kind="enum", options=ANGLE_MODES, setting="angle_mode"),
    ParameterDeclaration(
        "QUANTISATION", "Quantisation",
        "Method of quantisation to grey levels. fixed: equal steps over the value range, the same for all scenes; "
        "required for models that are applied to other scenes. equal_distance: equal steps over the range of the "
        "scene. equal_probability: equal number of pixels per grey level.",
        kind="enum", options=QUANTISATIONS, setting="quantisation"),
    ParameterDeclaration(
        "RANGE", "Value range",
        "Minimum and maximum value of all bands for the fixed quantisation, such as -25,0; values outside are "
        "assigned to the nearest grey level. Empty: ranges published for sea ice in dB, by the band name: -36 to 2 "
        "for HH and VV, -35 to -7 for HV and VH.",
        kind="range", optional=True, setting="value_range"),
    ParameterDeclaration(
        "FEATURES", "Texture features",
        "Features to compute. The first ten are those of SNAP; the other Haralick features and the cluster "
        "features follow. The page of the tool contains the formulas.",
        kind="enum", options=FEATURES, multiple=True, setting="features"),
    ParameterDeclaration(
        "STEP", "Output step (pixels)",
        "Edge of an output pixel in pixels of the image. 1: texture of every pixel. 25: one value per 25 x 25 "
        "pixels, that is cells of 1 km for pixels of 40 m.",
        kind="integer", minimum=STEPS[0], maximum=STEPS[1], setting="step"),
    ParameterDeclaration(
        "NORMALISATION", "Normalisation",
        "Sum of the probabilities of the matrix. standard: they sum to 1, as in the literature and scikit-image. snap: "
        "they sum to 2, with the variance and correlation of SNAP, for models and thresholds made there.",
        kind="enum", options=NORMALISATIONS, advanced=True, setting="normalisation"),
    ParameterDeclaration(
        "MIN_VALID_FRACTION", "Minimum fraction of valid pixel pairs",
        "Minimum fraction (0 to 1) of the pixel pairs of a window without NoData; below it, the output is NoData. "
        "0: one valid pair is enough, as in SNAP.",
        minimum=0.0, maximum=1.0, advanced=True, setting="min_valid_fraction"),
    ParameterDeclaration(
        "EDGES", "Image borders",
        "Windows across the image border. clipped: use the part of the window inside the image, as in SNAP. "
        "nodata: NoData within half a window of the image border.",
        kind="enum", options=EDGES, advanced=True, setting="edges"),
    ParameterDeclaration(
        "COMPRESSION", "Compression",
        "Compression of the GeoTIFF. It reduces the size of textures by at most a third, and writing takes several "
        "times as long.",
        kind="enum", options=COMPRESSIONS, advanced=True, setting="compression"),
    SCENE_THREADS,
)


@dataclass(frozen=True)
class TextureSet:
    """A set of output bands: the mean of each feature over one or more co-occurrence matrices.

    Parameters
    ----------
    suffix : str
        Suffix of the band names.
    matrices : tuple of tuple of (int, int)
        Displacements (rows, columns) of the pairs of each matrix.
    """

    suffix: str
    matrices: tuple


def texture_sets(settings):
    """Return the sets of output bands, in band order.

    Parameters
    ----------
    settings : TextureSettings

    Returns
    -------
    tuple of TextureSet
    """
    sets = {}
    for distance in settings.distances:
        is_separate = settings.distance_mode == "separate" and len(settings.distances) > 1
        distance_suffix = f"_d{distance}" if is_separate else ""
        offsets = [(angle, tuple(distance * step for step in DIRECTIONS[angle])) for angle in settings.angles]
        if settings.angle_mode == "pooled":
            sets.setdefault(distance_suffix, []).append(tuple(offset for _, offset in offsets))
        else:
            for angle, offset in offsets:
                angle_suffix = f"_{angle}" if settings.angle_mode == "separate" else ""
                sets.setdefault(distance_suffix + angle_suffix, []).append((offset,))
    return tuple(TextureSet(suffix, tuple(matrices)) for suffix, matrices in sets.items())
