"""Correlated random fields, block aggregation and blurring of arrays."""

import numpy as np


def correlated_field(shape, pixel, length, rng, roughness=2.0):
    """Return a spatially correlated random field, periodic at its edges.

    White noise is filtered in the frequency domain by ``(1 + (f * length)^2)^(-roughness / 2)``.

    Parameters
    ----------
    shape : tuple of int
        (height, width) in pixels.
    pixel : float
        Size of a pixel in metres.
    length : float
        Correlation length in metres.
    rng : numpy.random.Generator
    roughness : float
        Steepness of the spectrum: 1 is rough, 3 is smooth.

    Returns
    -------
    ndarray of float64, shape `shape`
        Mean 0, standard deviation 1.
    """
    spectrum = np.fft.rfft2(rng.standard_normal(shape))
    rows = np.fft.fftfreq(shape[0], pixel)[:, None]
    columns = np.fft.rfftfreq(shape[1], pixel)[None, :]
    spectrum *= (1.0 + (rows ** 2 + columns ** 2) * length ** 2) ** (-roughness / 2.0)
    spectrum[0, 0] = 0.0
    field = np.fft.irfft2(spectrum, s=shape)
    return field / field.std()


def block_mean(values, factor):
    """Return the mean of blocks of `factor` x `factor` pixels.

    Parameters
    ----------
    values : ndarray, shape (height, width)
        Both multiples of `factor`.
    factor : int

    Returns
    -------
    ndarray of float64, shape (height / factor, width / factor)
    """
    height, width = values.shape
    return values.reshape(height // factor, factor, width // factor, factor).mean(axis=(1, 3), dtype=np.float64)


def block_any(mask, factor):
    """Return whether any pixel of each `factor` x `factor` block is set.

    Parameters
    ----------
    mask : ndarray of bool, shape (height, width)
    factor : int

    Returns
    -------
    ndarray of bool, shape (height / factor, width / factor)
    """
    height, width = mask.shape
    return mask.reshape(height // factor, factor, width // factor, factor).any(axis=(1, 3))


def blur(values, passes=1):
    """Blur with the kernel 1/4, 1/2, 1/4 along rows and columns (standard deviation 0.71 pixels per pass).

    Parameters
    ----------
    values : ndarray of float64, shape (height, width)
    passes : int

    Returns
    -------
    ndarray of float64, same shape
    """
    from scipy.ndimage import correlate1d

    for _ in range(passes):
        for axis in (0, 1):
            values = correlate1d(values, (0.25, 0.5, 0.25), axis=axis, mode="nearest")
    return values
