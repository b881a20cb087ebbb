"""Features that need no matrix: sums over the pairs of a window of something that each pair has for itself.

Such sums are small whole numbers, so that several of them are carried in one 64-bit word and added up in one go.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .pairs import levels_of_keys

WORD_BITS = 64
# Homogeneity of a pair, 1 / (1 + difference squared), with so many binary places.
HOMOGENEITY_BITS = 36

_OF_PAIR = {
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
class Word:
    """Some sums side by side in one 64-bit word.

    Parameters
    ----------
    table : ndarray of uint64, shape (keys,)
        What a pair adds to the word, by its key.
    parts : tuple of (str, int, int)
        Name of a sum, its lowest bit, and how many bits it has.
    """

    table: np.ndarray
    parts: tuple

    def unpack(self, totals):
        """The sums by name.

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
def words(names, most_pairs, levels):
    """Pack sums into as few words as possible, largest first.

    Parameters
    ----------
    names : frozenset of str
        Of "pairs", "distinct" (pairs of different levels), "difference" and "difference2" (of the levels, without its
        sign, and squared), "homogeneity", "sum" to "sum4" (of the levels, to this power).
    most_pairs : int
        Of a window.
    levels : int

    Returns
    -------
    tuple of Word
    """
    first, second, has_data = levels_of_keys(levels)
    values = {name: np.where(has_data, _OF_PAIR[name](first, second), 0) for name in sorted(names)}
    bits = {name: (int(value.max()) * most_pairs).bit_length() for name, value in values.items()}
    boxes = []
    for name in sorted(values, key=lambda name: (-bits[name], name)):
        box = next((box for box in boxes if sum(bits[other] for other in box) + bits[name] <= WORD_BITS), None)
        if box is None:
            boxes.append(box := [])
        box.append(name)
    return tuple(_word(box, values, bits) for box in boxes)


def _word(box, values, bits):
    table, parts, shift = np.zeros(len(values[box[0]]), np.uint64), [], 0
    for name in box:
        table += values[name].astype(np.uint64) << np.uint64(shift)
        parts.append((name, shift, bits[name]))
        shift += bits[name]
    return Word(table, tuple(parts))
