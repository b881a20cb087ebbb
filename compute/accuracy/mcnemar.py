"""Whether one map is better than another, judged on the same ground: McNemar (1947), doi 10.1007/BF02295996."""

import math
from dataclasses import dataclass

# With fewer disagreements the binomial distribution is summed up, as the approximation is poor (Foody 2004).
FEW = 1000


@dataclass(frozen=True)
class McNemar:
    """How often the maps differ in being right, and how likely that is between equally good maps.

    Parameters
    ----------
    both_right, only_first, only_second, both_wrong : int
    p_value : float
        Two-sided; 1 where the maps never differ.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p_value: float


def mcnemar(first_right, second_right, weights=None):
    """Compare two maps on the same units.

    Parameters
    ----------
    first_right, second_right : ndarray of bool, shape (units,)
    weights : ndarray of int, shape (units,), optional
        How often each pair occurred.

    Returns
    -------
    McNemar
    """
    def count(first, second):
        chosen = (first_right == first) & (second_right == second)
        return int(chosen.sum() if weights is None else weights[chosen].sum())

    only_first, only_second = count(True, False), count(False, True)
    return McNemar(count(True, True), only_first, only_second, count(False, False),
                   _p_value(only_first, only_second))


def _p_value(only_first, only_second):
    differing, fewer = only_first + only_second, min(only_first, only_second)
    if not differing:
        return 1.0
    if differing < FEW:
        tail = sum(math.comb(differing, times) for times in range(fewer + 1))
        return min(1.0, 2 * tail / 2 ** differing)
    # Chi-square of one degree of freedom with the correction for continuity.
    statistic = (abs(only_first - only_second) - 1) ** 2 / differing
    return math.erfc(math.sqrt(statistic / 2))
