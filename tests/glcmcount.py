"""Reference implementation of Haralick's features: the whole co-occurrence matrix is counted pair by pair.

It is independent of the tested code, and slow.
"""

import numpy as np


def symmetric_counts(window, offsets, levels):
    """Return the symmetric co-occurrence matrix as counts; pixels with `levels` or more are invalid."""
    counts = np.zeros((levels, levels), np.int64)
    for rows, columns in offsets:
        for row, column in np.ndindex(window.shape):
            neighbour = row + rows, column + columns
            if 0 <= neighbour[0] < window.shape[0] and 0 <= neighbour[1] < window.shape[1]:
                first, second = int(window[row, column]), int(window[neighbour])
                if max(first, second) < levels:
                    counts[first, second] += 1
                    counts[second, first] += 1
    return counts


def entropy(probabilities):
    """Return the entropy in nats."""
    positive = probabilities[probabilities > 0]
    return -(positive * np.log(positive)).sum()


def features_of(counts):
    """Return all features of a matrix of counts, by name."""
    p = counts / counts.sum()
    i, j = np.indices(p.shape)
    mean = (i * p).sum()
    variance = ((i - mean) ** 2 * p).sum()
    sums = np.bincount((i + j).ravel(), p.ravel())
    differences = np.bincount(abs(i - j).ravel(), p.ravel())
    of_sum, of_difference = np.arange(len(sums)), np.arange(len(differences))
    marginal = p.sum(axis=0)
    independent = np.outer(marginal, marginal)
    both = p > 0
    shared = (p[both] * np.log(p[both] / independent[both])).sum()
    return {
        "contrast": ((i - j) ** 2 * p).sum(),
        "dissimilarity": (abs(i - j) * p).sum(),
        "homogeneity": (p / (1 + (i - j) ** 2)).sum(),
        "asm": (p ** 2).sum(),
        "energy": np.sqrt((p ** 2).sum()),
        "maximum": p.max(),
        "entropy": entropy(p),
        "mean": mean,
        "variance": variance,
        "correlation": ((i - mean) * (j - mean) * p).sum() / variance if variance > 0 else 1.0,
        "sum_average": (of_sum * sums).sum(),
        "sum_variance": ((of_sum - (of_sum * sums).sum()) ** 2 * sums).sum(),
        "sum_entropy": entropy(sums),
        "difference_variance": ((of_difference - (of_difference * differences).sum()) ** 2 * differences).sum(),
        "difference_entropy": entropy(differences),
        "information_correlation_1": -shared / entropy(marginal) if entropy(marginal) > 0 else 0.0,
        "information_correlation_2": np.sqrt(max(0.0, 1 - np.exp(-2 * shared))),
        "cluster_shade": ((i + j - 2 * mean) ** 3 * p).sum(),
        "cluster_prominence": ((i + j - 2 * mean) ** 4 * p).sum(),
    }


def snap_features_of(counts):
    """Return the ten features of SNAP's GLCM operator, whose probabilities sum to 2."""
    p = counts / (counts.sum() / 2)
    i, j = np.indices(p.shape)
    mean_i, mean_j = (i * p).sum(), (j * p).sum()
    variance_i, variance_j = ((i - mean_i) ** 2 * p).sum(), ((j - mean_j) ** 2 * p).sum()
    with np.errstate(invalid="ignore"):
        correlation = ((i - mean_i) * (j - mean_j) * p).sum() / np.sqrt(variance_i * variance_j)
    return {
        "contrast": (p * (i - j) ** 2).sum(),
        "dissimilarity": (p * abs(i - j)).sum(),
        "homogeneity": (p / (1 + (i - j) ** 2)).sum(),
        "asm": (p ** 2).sum(),
        "energy": np.sqrt((p ** 2).sum()),
        "maximum": p.max(),
        "entropy": -(p * np.log(p + 1e-15)).sum(),
        "mean": (mean_i + mean_j) / 2,
        "variance": (variance_i + variance_j) / 2,
        "correlation": correlation,
    }
