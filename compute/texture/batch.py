"""Textures of many rasters; failures do not stop the batch."""

import os
from dataclasses import dataclass

from ..errors import OutputError, PlainError, UnsuitableInput
from .texture import write_textures

SUFFIX = "_textures.tif"


@dataclass(frozen=True)
class TextureBatch:
    """Result of a batch.

    Parameters
    ----------
    names : tuple of str
        Names of the files written, without folder.
    failures : tuple of (str, str)
        Path and error message of each failed raster.
    """

    names: tuple
    failures: tuple

    def complaint(self):
        """Return an error message that lists the failures.

        Returns
        -------
        str
        """
        reasons = [reason for _, reason in self.failures]
        total = len(self.names) + len(self.failures)
        if total == 1:
            return reasons[0]
        if not self.names:
            return f"None of the {total} rasters could be used; see the log for each reason. {reasons[0]}"
        return (f"{len(self.failures)} of {total} rasters could not be used, the others were processed. "
                f"{' '.join(reasons)}")


def write_many_textures(paths, folder, bands, settings, progress):
    """Compute textures of rasters one after the other.

    Parameters
    ----------
    paths : sequence of str
        Rasters.
    folder : str
        Existing output folder, for one ``NAME_textures.tif`` per ``NAME.tif``.
    bands : sequence of str
        As for :func:`~.texture.write_textures`.
    settings : TextureSettings
    progress : Progress

    Returns
    -------
    TextureBatch

    Raises
    ------
    UnsuitableInput
        If the settings are invalid.
    OutputError
        If the output cannot be written; this stops the batch.
    Cancelled
        If the user has cancelled; the caller must remove the files in `folder`.
    """
    settings.check()
    sources, failures = {}, []
    for number, path in enumerate(paths):
        part = progress.part(number / len(paths), (number + 1) / len(paths))
        part.step(0.0)
        stem = os.path.splitext(os.path.basename(path))[0]
        name = stem + SUFFIX
        try:
            if name in sources:
                raise UnsuitableInput(f"The textures of {path} and {sources[name]} would have the same file name. "
                                      "Rename one of the rasters.")
            progress.say(f"{stem} ...")
            write_textures(path, os.path.join(folder, name), bands, settings, part)
        except OutputError:
            raise
        except PlainError as error:
            failures.append((path, str(error)))
            progress.warn(f"Skipped: {error}")
        else:
            sources[name] = path
    return TextureBatch(tuple(sources), tuple(failures))
