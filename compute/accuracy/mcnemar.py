"""McNemar's test of the accuracies of two maps on the same units: McNemar (1947), doi 10.1007/BF02295996."""

import math
from dataclasses import dataclass

# With fewer disagreements the exact binomial test is used, as the approximation is poor (Foody 2004).
FEW = 1000


@dataclass(frozen=True)
class McNemar:
    """Counts of correct and wrong units of two maps, and the p-value of equal accuracy.

    Parameters
    ----------
    both_right, only_first, only_second, both_wrong : int
    p_value : float
        Two-sided; 1 if the maps never differ.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p_value: float


def mcnemar(first_correct, second_correct, weights=None):
    """Test whether two maps are equally accurate.

    Parameters
    ----------
    first_correct, second_correct : ndarray of bool, shape (units,)
    weights : ndarray of int, shape (units,), optional
        Number of occurrences of each pair.

    Returns
    -------
    McNemar
    """
    def count(first, second):
        selected = (first_correct == first) & (second_correct == second)
        return int(selected.sum() if weights is None else weights[selected].sum())

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
    # Chi-square with one degree of freedom and continuity correction.
    statistic = (abs(only_first - only_second) - 1) ** 2 / differing
    return math.erfc(math.sqrt(statistic / 2))
