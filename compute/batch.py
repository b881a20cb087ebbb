"""Many inputs, one bad: what to do then, results and failures."""

from __future__ import annotations

from dataclasses import dataclass

from .declarations import ParameterDeclaration

ON_ERROR = ("skip", "skip_then_fail")


def on_error_parameter(inputs: str) -> ParameterDeclaration:
    """Declaration of the reaction to an input that cannot be used; `inputs` names them in the plural."""
    return ParameterDeclaration(
        "ON_ERROR", "If an input cannot be used",
        f"All other {inputs} are processed and the error is logged in any case. skip: the run succeeds. "
        "skip_then_fail: the run ends with an error (exit code 1), for scripts that check it.",
        kind="enum", default=ON_ERROR[0], options=ON_ERROR, advanced=True)


def load_parameter(outputs: str) -> ParameterDeclaration:
    """Declaration of whether the outputs of a batch are loaded; `outputs` names them in the plural."""
    return ParameterDeclaration(
        "LOAD", "Load results into the project",
        f"Load the {outputs} when the run ends (QGIS Desktop only). Switch it off for long series.",
        kind="boolean", default=True, advanced=True)


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
