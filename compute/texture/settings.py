"""How textures are computed; the dialog takes its defaults from here."""

from dataclasses import dataclass

from ..errors import UnsuitableInput

# The ten that SNAP offers as well, then the rest of Haralick's set with the two cluster features.
SNAP_FEATURES = ("contrast", "dissimilarity", "homogeneity", "asm", "energy", "maximum", "entropy", "mean", "variance",
                 "correlation")
FEATURES = (*SNAP_FEATURES, "sumaverage", "sumvariance", "sumentropy", "differencevariance", "differenceentropy",
            "information1", "information2", "clustershade", "clusterprominence")
# Direction from a pixel to its partner at distance 1, in (rows down, columns right): 45 degrees is up and right.
DIRECTIONS = {"0": (0, 1), "45": (-1, 1), "90": (-1, 0), "135": (-1, -1)}
ANGLE_MODES = ("averaged", "pooled", "separate")
DISTANCE_MODES = ("separate", "averaged")
QUANTISATIONS = ("fixed", "equal-distance", "equal-probability")
NORMALISATIONS = ("one", "snap")
EDGES = ("clipped", "nodata")
COMPRESSIONS = ("none", "zstd", "deflate")
WINDOWS, LEVELS, STEPS = (3, 65), (8, 128), (1, 1000)


@dataclass(frozen=True)
class TextureSettings:
    """How textures are computed.

    Parameters
    ----------
    window : int
        Height and width of the window in pixels, odd, 3 to 65.
    levels : int
        Grey levels, 8 to 128.
    distances : tuple of int
        Steps from a pixel to its partner, each at least 1 and below `window`.
    angles : tuple of str
        Of ``DIRECTIONS``.
    angle_mode : {"averaged", "pooled", "separate"}
        The mean of each feature over the angles, one matrix with the pairs of all angles, or a band for each angle.
    distance_mode : {"separate", "averaged"}
        A band for each distance, or the mean of each feature over the distances.
    quantisation : {"fixed", "equal-distance", "equal-probability"}
        Grey levels of equal width over a fixed range, over the range of the scene, or with equally many pixels each.
    value_range : tuple of float, optional
        (lowest, highest) of the fixed range, for every band; without it that of the band's polarisation.
    features : tuple of str
        Of ``FEATURES``.
    step : int
        Pixels from one result to the next, in rows and columns: the edge of a cell of the result.
    normalisation : {"one", "snap"}
        Probabilities that add up to 1, or to 2 as in SNAP.
    min_valid : float
        Share (0 to 1) of the pairs of a window that must have data; at least one must.
    edges : {"clipped", "nodata"}
        At the edge of the image: textures of the part of the window that lies in the image, or none.
    compression : {"none", "zstd", "deflate"}
        Of the file; textures shrink by a third at most.
    threads : int
        How many threads work; 0 takes all cores but one. It changes nothing but the time.
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
    normalisation: str = "one"
    min_valid: float = 0.5
    edges: str = "clipped"
    compression: str = "none"
    threads: int = 0

    def check(self):
        """Make sure that the settings can be used.

        Raises
        ------
        UnsuitableInput
            Naming the parameter that cannot.
        """
        if not (WINDOWS[0] <= self.window <= WINDOWS[1] and self.window % 2):
            raise UnsuitableInput(f"WINDOW is {self.window}; it must be an odd number from {WINDOWS[0]} to "
                                  f"{WINDOWS[1]}, so that it has a pixel in its middle.")
        if not LEVELS[0] <= self.levels <= LEVELS[1]:
            raise UnsuitableInput(f"LEVELS is {self.levels}; choose {LEVELS[0]} to {LEVELS[1]}.")
        if not self.distances or min(self.distances) < 1:
            raise UnsuitableInput("DISTANCES must hold at least one whole number from 1 on, such as 1 or 1,2,4.")
        if max(self.distances) >= self.window:
            raise UnsuitableInput(f"The distance {max(self.distances)} does not fit into a window of {self.window} "
                                  "pixels: every pair would reach outside. Choose smaller DISTANCES or a larger "
                                  "WINDOW.")
        for name, chosen in (("ANGLES", self.angles), ("FEATURES", self.features)):
            if not chosen:
                raise UnsuitableInput(f"Nothing is chosen in {name}; choose at least one.")
        if self.step < 1:
            raise UnsuitableInput(f"STEP is {self.step}; it must be at least 1.")
        if self.value_range is not None and not self.value_range[0] < self.value_range[1]:
            raise UnsuitableInput("RANGE goes from {:g} to {:g}; its first value must be the smaller one.".format(
                *self.value_range))


@dataclass(frozen=True)
class TextureSet:
    """Textures that become one set of bands: the mean of each feature over some matrices.

    Parameters
    ----------
    suffix : str
        What the names of the bands end with.
    matrices : tuple of tuple of (int, int)
        For each matrix, the offsets (rows, columns) whose pairs it counts.
    """

    suffix: str
    matrices: tuple


def texture_sets(settings):
    """What is computed, in the order of the bands.

    Parameters
    ----------
    settings : TextureSettings

    Returns
    -------
    tuple of TextureSet
    """
    sets = {}
    for distance in settings.distances:
        far = f"_d{distance}" if settings.distance_mode == "separate" and len(settings.distances) > 1 else ""
        offsets = [(angle, tuple(distance * step for step in DIRECTIONS[angle])) for angle in settings.angles]
        if settings.angle_mode == "pooled":
            sets.setdefault(far, []).append(tuple(offset for _, offset in offsets))
        else:
            for angle, offset in offsets:
                turned = f"_{angle}" if settings.angle_mode == "separate" else ""
                sets.setdefault(far + turned, []).append((offset,))
    return tuple(TextureSet(suffix, tuple(matrices)) for suffix, matrices in sets.items())
