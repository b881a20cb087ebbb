"""The kinds of samples: each is a function that fills a folder, and one entry here."""

from .crops import create_crops
from .seaice import create_seaice

KINDS = {"crops": create_crops, "seaice": create_seaice}


def create_sample(kind, folder, settings, progress):
    """Fill a folder with a sample.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    folder : str
        An existing, empty folder.
    settings : SampleSettings
    progress : Progress

    Returns
    -------
    Sample

    Raises
    ------
    MissingInput
        If this GDAL cannot write a format that is needed.
    OSError
        If files cannot be written; :func:`.folder.complete_folder` turns it into a sentence.
    Cancelled
        If the user asked to stop.
    """
    return KINDS[kind](folder, settings, progress)
