"""Settings of texture features; the dialog reads its defaults from here."""

from dataclasses import dataclass

from ..errors import UnsuitableInput

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
