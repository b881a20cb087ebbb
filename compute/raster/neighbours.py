"""Which pixels lie near others."""


def grown(mask, pixels):
    """A mask and all that lies within so many pixels of it, along rows, columns and diagonals.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
    pixels : int

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    from scipy.ndimage import maximum_filter

    return maximum_filter(mask, 2 * pixels + 1, mode="constant") if pixels else mask
