"""The errors a user can act on: one small family, each message one or two plain sentences.

A message says what is wrong and what to do about it. Anything that is not a :class:`PlainError` is a fault of
Floefield itself and keeps its traceback.
"""


class PlainError(Exception):
    """Something the user can put right; its text is shown as it is."""


class Cancelled(Exception):
    """The user asked to stop; whatever was half-written has been removed."""


class MissingInput(PlainError):
    """A file, band or column that is needed is not there."""


class UnreadableInput(PlainError):
    """A file is there but cannot be read: damaged, truncated or of another kind."""


class UnsuitableInput(PlainError):
    """The inputs can be read but do not fit the task or each other."""


class GridMismatch(UnsuitableInput):
    """Two rasters that must share one grid do not."""


class OutputError(PlainError):
    """A result cannot be written where it was asked for."""
