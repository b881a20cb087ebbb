"""Many inputs, one bad: ``ON_ERROR``, results and failures."""

from dataclasses import dataclass

ON_ERROR = ("skip", "skip_then_fail")


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

    def failure_message(self):
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

    def failure_message(self):
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


ON_ERROR = ("skip", "skip_then_fail", "stop")
