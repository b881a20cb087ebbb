"""Kinds of samples; each has an entry here with the function that writes it."""

from .crop_sample import create_crops
from .seaice_sample import create_seaice

KINDS = {"crops": create_crops, "seaice": create_seaice}


def create_sample(kind, folder, settings, progress):
    """Write a sample to a folder.

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
        If GDAL cannot write a required format.
    OSError
        If a file cannot be written; converted by :class:`~..output_files.OutputSet`.
    Cancelled
        If the user cancelled.
    """
    return KINDS[kind](folder, settings, progress)
