"""Batches: many inputs, of which some may be unusable.

An input that cannot be used is skipped with a warning; the others are processed. An output that cannot be written and
cancellation stop every batch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from .declarations import ParameterDeclaration
from .errors import OutputError, PlainError, UnsuitableInput
from .progress import Progress

# "skip": warn and go on; "skip_then_fail": likewise, and end with an error; "stop": end at once.
ON_ERROR = ("skip", "skip_then_fail", "stop")

# Maximum number of reasons in a message.
MAX_REASONS = 10

Input = TypeVar("Input")
Result = TypeVar("Result")

# Tools replace the help, which says what the inputs are and what a batch that stops leaves behind.
ON_ERROR_PARAMETER = ParameterDeclaration(
    "ON_ERROR", "If an input cannot be used",
    "skip: log the error, process the other inputs, and succeed. skip_then_fail: likewise, but end with an error (exit "
    "code 1), for scripts that check it. stop: end at once.",
    kind="enum", default=ON_ERROR[0], options=ON_ERROR, advanced=True)


def load_parameter(outputs: str) -> ParameterDeclaration:
    """Declaration of whether the outputs of a batch are loaded; `outputs` names them in the plural."""
    return ParameterDeclaration(
        "LOAD", "Load results into the project",
        f"Load the {outputs} when the run ends (QGIS Desktop only). Switch it off for long series.",
        kind="boolean", default=True, advanced=True)


@dataclass(frozen=True)
class BatchResult(Generic[Input, Result]):
    """Result of a batch.

    Parameters
    ----------
    results : tuple
        Results of the inputs that were used, in their order.
    failures : tuple of (input, str)
        Each input that was not used, and the error message.
    noun : str
        What the inputs are, plural, for messages.
    """

    results: tuple[Result, ...]
    failures: tuple[tuple[Input, str], ...]
    noun: str = "inputs"

    def failure_message(self) -> str:
        """Return one message about all failures."""
        reasons = [reason for _, reason in self.failures]
        total = len(self.results) + len(reasons)
        if total == 1:
            return reasons[0]
        if not self.results:
            return f"None of the {total} {self.noun} could be used; see the log for each reason. {reasons[0]}"
        more = f" See the log for {len(reasons) - MAX_REASONS} more." if len(reasons) > MAX_REASONS else ""
        return (f"{len(reasons)} of {total} {self.noun} could not be used, the others were processed. "
                f"{' '.join(reasons[:MAX_REASONS])}{more}")

    def require_success(self, on_error: str) -> None:
        """Raise UnsuitableInput if no input was used, or if some were not and `on_error` is ``skip_then_fail``.

        Call it after the outputs are complete.
        """
        if self.failures and (not self.results or on_error == "skip_then_fail"):
            raise UnsuitableInput(self.failure_message())


class BatchStopped(UnsuitableInput):
    """An input cannot be used, and the batch stops at the first."""


class Failures(list):
    """Inputs of a batch that cannot be used, as (input, error message).

    Parameters
    ----------
    on_error : str
        One of ``ON_ERROR``.
    progress : Progress
        For the warnings.
    noun : str
        What the inputs are, plural, for messages.
    """

    def __init__(self, on_error: str, progress: Progress, noun: str = "inputs") -> None:
        super().__init__()
        self._on_error, self._progress, self._noun = on_error, progress, noun

    def add(self, source: object, error: PlainError, is_only: bool = False) -> None:
        """Add an input and warn, unless it is the only one; raise an error if the batch stops at the first."""
        if self._on_error == "stop":
            advice = "" if is_only else f" ON_ERROR=skip continues with the other {self._noun}."
            raise BatchStopped(f"{error}{advice}") from error
        self.append((source, str(error)))
        if not is_only:
            self._progress.warn(f"Skipped: {error}")

    @contextlib.contextmanager
    def skip_on_error(self, source: object, is_only: bool = False) -> Iterator[None]:
        """Add an input if the context raises a PlainError; an OutputError and cancellation propagate."""
        try:
            yield
        except (OutputError, BatchStopped):
            raise
        except PlainError as error:
            self.add(source, error, is_only)


def run_batch(inputs: Sequence[Input], work: Callable[[Input, Progress], Result], on_error: str, progress: Progress,
              noun: str = "inputs") -> BatchResult[Input, Result]:
    """Process inputs one after the other; an input that cannot be used does not stop the others.

    Parameters
    ----------
    inputs : sequence
    work : callable
        Called with each input and its part of the progress; returns the result, or raises a PlainError if the input
        cannot be used.
    on_error : str
        One of ``ON_ERROR``.
    progress : Progress
    noun : str
        What the inputs are, plural, for messages.

    Returns
    -------
    BatchResult

    Raises
    ------
    BatchStopped
        If an input cannot be used and `on_error` is ``stop``.
    OutputError
        If an output cannot be written.
    Cancelled
    """
    results: list[Result] = []
    failures = Failures(on_error, progress, noun)
    for number, source in enumerate(inputs):
        part = progress.part(number / len(inputs), (number + 1) / len(inputs))
        part.step(0.0)
        with failures.skip_on_error(source, is_only=len(inputs) == 1):
            results.append(work(source, part))
    return BatchResult(tuple(results), tuple(failures), noun)
