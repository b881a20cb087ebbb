"""Dilation of masks."""


def dilate(mask, radius):
    """Dilate a mask with a square window.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
    radius : int
        Radius of the window, 2 * radius + 1 pixels wide.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    from scipy.ndimage import maximum_filter

    return maximum_filter(mask, 2 * radius + 1, mode="constant") if radius else mask
