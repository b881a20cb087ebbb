"""Many products, one raster each; what is wrong with one does not stop the others."""

import contextlib
import os
from dataclasses import dataclass

from ..errors import OutputError, PlainError, UnsuitableInput
from .balance import read_table
from .geocode import require_crs, write_scene
from .product import read_product

WHEN_BROKEN = ("skip", "fail")


@dataclass(frozen=True)
class Batch:
    """What became of many products.

    Attributes
    ----------
    scenes : tuple of WrittenScene
    failures : tuple of (str, str)
        Path of each product that could not be used, and why.
    """

    scenes: tuple
    failures: tuple

    def complaint(self):
        """The failures in one sentence for an error.

        Returns
        -------
        str
        """
        reasons = " ".join(reason for _, reason in self.failures)
        total = len(self.scenes) + len(self.failures)
        if total == 1:
            return reasons
        return f"{len(self.failures)} of {total} products could not be used, the others are done. {reasons}"


def write_scenes(paths, folder, settings, progress, area=None, land=None):
    """Preprocess products one after the other.

    Parameters
    ----------
    paths : sequence of str
        Products: ``.SAFE`` folders, ``manifest.safe`` files, zips.
    folder : str
        Receives ``S1A_EW_GRDM_<start>_<orbit>.tif`` for each.
    settings : BackscatterSettings
    progress : Progress
    area : Area, optional
    land : callable, optional
        See :func:`~.geocode.write_scene`.

    Returns
    -------
    Batch

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the settings can fit no product: the CRS, the table of noise scaling.
    OutputError
        If results cannot be written: the disk is the same for all products.
    Cancelled
        If the user asked to stop; scenes that are complete stay.
    """
    require_crs(settings.crs_wkt)
    if settings.swath_balance == "table":
        read_table(settings.swath_table)
    scenes, failures, labels = [], [], set()
    with _output_folder(folder):
        for number, path in enumerate(paths):
            part = progress.part(number / len(paths), (number + 1) / len(paths))
            part.step(0.0)
            try:
                product = read_product(path)
                if product.label in labels:
                    raise UnsuitableInput(f"{product.name} is given twice.")
                output = os.path.join(folder, f"{product.label}.tif")
                scene = write_scene(product, output, settings, part, area, land)
            except OutputError:
                raise
            except PlainError as error:
                failures.append((path, str(error)))
                if len(paths) > 1:
                    progress.warn(f"Left out: {error}")
            else:
                labels.add(product.label)
                scenes.append(scene)
                progress.say(f"{product.name}: {os.path.basename(output)}, {scene.share:.0%} of its pixels with data.")
    return Batch(tuple(scenes), tuple(failures))


@contextlib.contextmanager
def _output_folder(folder):
    """The folder for as long as the block lasts; made where it is missing, removed again if nothing came of it."""
    was_there = os.path.isdir(folder)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        what = "is a file, not a folder" if os.path.isfile(folder) else "cannot be made or written to"
        raise OutputError(f"{folder} {what}. Choose another folder.") from error
    try:
        yield
    finally:
        if not was_there:
            with contextlib.suppress(OSError):
                os.rmdir(folder)
