"""Sums over the pixel pairs of a window of quantities that depend on a single pair.

These features require no matrix. The sums are small integers, so that several are packed into one 64-bit integer and
added at once.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .pairs import levels_of_keys

WORD_BITS = 64
# Fixed-point fraction bits of the homogeneity of a pair, 1 / (1 + squared difference).
HOMOGENEITY_BITS = 36

_PAIR_VALUES = {
    "pairs": lambda first, second: np.ones_like(first),
    "distinct": lambda first, second: (first != second).astype(np.int64),
    "difference": lambda first, second: np.abs(first - second),
    "difference2": lambda first, second: (first - second) ** 2,
    "homogeneity": lambda first, second: np.rint((1 << HOMOGENEITY_BITS) / (1 + (first - second) ** 2)).astype(
        np.int64),
    "sum": lambda first, second: first + second,
    "sum2": lambda first, second: (first + second) ** 2,
    "sum3": lambda first, second: (first + second) ** 3,
    "sum4": lambda first, second: (first + second) ** 4,
}


@dataclass(frozen=True, eq=False)
class PackedSums:
    """Several sums packed into one 64-bit integer.

    Parameters
    ----------
    table : ndarray of uint64, shape (keys,)
        Contribution of a pair to the packed sums, by its key.
    parts : tuple of (str, int, int)
        Name, lowest bit and number of bits of each sum.
    """

    table: np.ndarray
    parts: tuple

    def unpack(self, totals):
        """Return the sums by name.

        Parameters
        ----------
        totals : ndarray of uint64

        Returns
        -------
        dict of str to ndarray of int64
        """
        return {name: ((totals >> np.uint64(shift)) & np.uint64((1 << bits) - 1)).view(np.int64)
                for name, shift, bits in self.parts}


@lru_cache(maxsize=16)
def pack_sums(names, max_pairs, levels):
    """Pack sums into as few 64-bit integers as possible, largest first.

    Parameters
    ----------
    names : frozenset of str
        Of "pairs", "distinct" (pairs of different levels), "difference" and "difference2" (absolute and squared
        difference of the levels), "homogeneity", "sum" to "sum4" (powers of the sum of the levels).
    max_pairs : int
        Maximum number of pairs of a window.
    levels : int

    Returns
    -------
    tuple of PackedSums
    """
    first, second, has_data = levels_of_keys(levels)
    values = {name: np.where(has_data, _PAIR_VALUES[name](first, second), 0) for name in sorted(names)}
    bits = {name: (int(value.max()) * max_pairs).bit_length() for name, value in values.items()}
    groups = []
    for name in sorted(values, key=lambda name: (-bits[name], name)):
        group = next((group for group in groups if sum(bits[other] for other in group) + bits[name] <= WORD_BITS), None)
        if group is None:
            groups.append(group := [])
        group.append(name)
    return tuple(_packed(group, values, bits) for group in groups)


def _packed(group, values, bits):
    table, parts, shift = np.zeros(len(values[group[0]]), np.uint64), [], 0
    for name in group:
        table += values[name].astype(np.uint64) << np.uint64(shift)
        parts.append((name, shift, bits[name]))
        shift += bits[name]
    return PackedSums(table, tuple(parts))
