"""Many rasters, textures of each; what is wrong with one does not stop the others."""

import os
from dataclasses import dataclass

from ..errors import OutputError, PlainError, UnsuitableInput
from .texture import write_textures

SUFFIX = "_textures.tif"


@dataclass(frozen=True)
class TextureBatch:
    """What became of many rasters.

    Parameters
    ----------
    names : tuple of str
        Files that were written, without their folder.
    failures : tuple of (str, str)
        Path of each raster that could not be used, and why.
    """

    names: tuple
    failures: tuple

    def complaint(self):
        """The failures in a sentence or some, for an error.

        Returns
        -------
        str
        """
        reasons = [reason for _, reason in self.failures]
        total = len(self.names) + len(self.failures)
        if total == 1:
            return reasons[0]
        if not self.names:
            return f"None of the {total} rasters could be used; the log names the reason for each. {reasons[0]}"
        return f"{len(self.failures)} of {total} rasters could not be used, the others are done. {' '.join(reasons)}"


def write_many_textures(paths, folder, bands, settings, progress):
    """Textures of rasters, one after the other.

    Parameters
    ----------
    paths : sequence of str
        Rasters.
    folder : str
        An existing folder; receives ``NAME_textures.tif`` for each ``NAME.tif``, the same bytes as by itself.
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
        If the settings can fit no raster.
    OutputError
        If results cannot be written: the disk is the same for all rasters.
    Cancelled
        If the user asked to stop; what lies in `folder` is for the caller to remove.
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
                raise UnsuitableInput(f"The textures of {path} and {sources[name]} would have one name. Rename one.")
            progress.say(f"{stem} ...")
            write_textures(path, os.path.join(folder, name), bands, settings, part)
        except OutputError:
            raise
        except PlainError as error:
            failures.append((path, str(error)))
            progress.warn(f"Left out: {error}")
        else:
            sources[name] = path
    return TextureBatch(tuple(sources), tuple(failures))
