"""Preprocessing of many products to one raster each; failures do not stop the batch."""

import contextlib
import os
from dataclasses import dataclass

from ..errors import OutputError, PlainError, UnsuitableInput
from .balance import read_noise_table
from .geocode import require_crs, write_scene
from .product import read_product

WHEN_BROKEN = ("skip", "skip_then_fail")


@dataclass(frozen=True)
class Batch:
    """Result of a batch.

    Attributes
    ----------
    scenes : tuple of WrittenScene
    failures : tuple of (str, str)
        Path and error message of each failed product.
    """

    scenes: tuple
    failures: tuple

    def complaint(self):
        """Return an error message that lists the failures.

        Returns
        -------
        str
        """
        reasons = " ".join(reason for _, reason in self.failures)
        total = len(self.scenes) + len(self.failures)
        if total == 1:
            return reasons
        return f"{len(self.failures)} of {total} products could not be used, the others were processed. {reasons}"


def write_scenes(paths, folder, settings, progress, area=None, land=None):
    """Preprocess products one after the other.

    Parameters
    ----------
    paths : sequence of str
        Products: ``.SAFE`` folders, ``manifest.safe`` files, zips.
    folder : str
        Output folder, for one ``S1A_EW_GRDM_<start>_<orbit>.tif`` per product.
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
        If the output CRS or the sub-swath noise table is unsuitable for any product.
    OutputError
        If the output cannot be written; this stops the batch.
    Cancelled
        If the user has cancelled; completed scenes are kept.
    """
    require_crs(settings.crs_wkt)
    if settings.swath_balance == "table":
        read_noise_table(settings.swath_table)
    scenes, failures, labels = [], [], set()
    with _output_folder(folder):
        for number, path in enumerate(paths):
            part = progress.part(number / len(paths), (number + 1) / len(paths))
            part.step(0.0)
            try:
                product = read_product(path)
                if product.label in labels:
                    raise UnsuitableInput(f"{product.name} occurs twice in the inputs.")
                output = os.path.join(folder, f"{product.label}.tif")
                scene = write_scene(product, output, settings, part, area, land)
            except OutputError:
                raise
            except PlainError as error:
                failures.append((path, str(error)))
                if len(paths) > 1:
                    progress.warn(f"Skipped: {error}")
            else:
                labels.add(product.label)
                scenes.append(scene)
                progress.say(f"{product.name}: {os.path.basename(output)}, {scene.valid_fraction:.0%} valid pixels.")
    return Batch(tuple(scenes), tuple(failures))


@contextlib.contextmanager
def _output_folder(folder):
    """Context manager that creates the output folder, and removes it again if it was created and is empty."""
    existed = os.path.isdir(folder)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        reason = "is a file, not a folder" if os.path.isfile(folder) else "cannot be created or written to"
        raise OutputError(f"{folder} {reason}. Choose another output folder.") from error
    try:
        yield
    finally:
        if not existed:
            with contextlib.suppress(OSError):
                os.rmdir(folder)
