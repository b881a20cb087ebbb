"""What a user may choose about a sample, and the random streams that follow from it."""

import zlib
from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput

# The edge must hold whole pixels of 60 m.
SIZE_STEP = 6
SMALLEST_SIZE, LARGEST_SIZE = 60, 1200
MOST_DATES = 20


@dataclass(frozen=True)
class SampleSettings:
    """Settings of a synthetic sample.

    Parameters
    ----------
    seed : int
        The same seed, size and number of dates give the same sample.
    size : int
        Edge of the scene in pixels of 10 m, a multiple of 6.
    dates : int
        Number of acquisitions between March and October.

    Raises
    ------
    UnsuitableInput
        If a value is out of range.
    """

    seed: int = 1
    size: int = 480
    dates: int = 10

    def __post_init__(self):
        if self.seed < 0:
            raise UnsuitableInput("The seed must not be negative.")
        if self.size % SIZE_STEP or not SMALLEST_SIZE <= self.size <= LARGEST_SIZE:
            raise UnsuitableInput(f"The edge of the scene must be a multiple of {SIZE_STEP} between {SMALLEST_SIZE} "
                                  f"and {LARGEST_SIZE} pixels; {self.size} is not.")
        if not 1 <= self.dates <= MOST_DATES:
            raise UnsuitableInput(f"The number of dates must be between 1 and {MOST_DATES}.")

    def stream(self, *purpose):
        """A random stream of its own for each purpose, so that one part of the sample does not disturb another.

        Parameters
        ----------
        *purpose : str
            What the numbers are for.

        Returns
        -------
        numpy.random.Generator
        """
        words = [zlib.crc32(word.encode()) for word in purpose]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, *words])))
