"""Errors and warnings of GDAL and rasterio as errors of Floefield."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from ..errors import PlainError

# In a message, replaced by the reason that GDAL reports.
REASON = "{reason}"


@contextlib.contextmanager
def gdal_errors(message: str, error: type[PlainError]) -> Iterator[None]:
    """Context manager that replaces an error of GDAL or rasterio by an error with a message for the user.

    Parameters
    ----------
    message : str
        ``{reason}`` in it is replaced by the message of GDAL.
    error : type
        Class of the error to raise.
    """
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import CRSError, RasterioError, RasterioIOError

    try:
        yield
    except (RasterioError, RasterioIOError, CRSError, CPLE_BaseError) as reason:
        raise error(message.replace(REASON, str(reason))) from reason


@contextlib.contextmanager
def without_georeference_warning() -> Iterator[None]:
    """Context manager without rasterio's warning about a missing geotransform, which is intended."""
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield
