"""Exceptions with messages for the user.

A message states what is wrong, where, and what to do. Any exception that is not a :class:`PlainError` is a bug in
Floefield and keeps its traceback.
"""


class PlainError(Exception):
    """Base class of errors that the user can correct; the message is shown unchanged."""


class Cancelled(Exception):
    """The user cancelled; incomplete output has been removed."""


class MissingInput(PlainError):
    """A required file, band or column is missing."""


class UnreadableInput(PlainError):
    """A file exists but cannot be read: damaged, truncated or of an unsupported format."""


class UnsuitableInput(PlainError):
    """The inputs are readable but not suitable for the task, or inconsistent with each other."""


class GridMismatch(UnsuitableInput):
    """Two rasters that must share a grid have different grids."""


class OutputError(PlainError):
    """An output cannot be written to the requested path."""
