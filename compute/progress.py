"""Progress, log messages and cancellation, independent of QGIS.

Computations receive a :class:`Progress` and call :meth:`Progress.step`, :meth:`Progress.say` and
:meth:`Progress.warn`. ``step`` and ``check`` raise :class:`~.errors.Cancelled` after the user has cancelled, so that
processing can stop between any two blocks.
"""

from .errors import Cancelled


class Progress:
    """Silent progress; subclasses override the three hooks ``show``, ``say`` and ``warn``."""

    @property
    def cancelled(self):
        """bool: whether the user has cancelled."""
        return False

    def show(self, fraction):
        """Display the completed fraction (0..1)."""

    def say(self, text):
        """Write an information message to the log."""

    def warn(self, text):
        """Write a warning to the log."""

    def check(self):
        """Raise :class:`Cancelled` if the user has cancelled."""
        if self.cancelled:
            raise Cancelled()

    def step(self, fraction):
        """Display the completed fraction, or raise :class:`Cancelled` if the user has cancelled."""
        self.check()
        self.show(fraction)

    def part(self, start, end):
        """Progress of a stage, whose 0..1 is mapped to `start`..`end` of this progress."""
        return _Part(self, start, end)


class _Part(Progress):
    def __init__(self, whole, start, end):
        self._whole, self._start, self._end = whole, start, end

    @property
    def cancelled(self):
        return self._whole.cancelled

    def show(self, fraction):
        self._whole.show(self._start + (self._end - self._start) * fraction)

    def say(self, text):
        self._whole.say(text)

    def warn(self, text):
        self._whole.warn(text)


class WarningsOnly(Progress):
    """Progress without information messages, for steps that are repeated many times; warnings are forwarded.

    Parameters
    ----------
    progress : Progress
    """

    def __init__(self, progress):
        self._progress = progress

    @property
    def cancelled(self):
        """bool: whether the user has cancelled."""
        return self._progress.cancelled

    def show(self, fraction):
        """Display the completed fraction."""
        self._progress.show(fraction)

    def warn(self, text):
        """Forward a warning."""
        self._progress.warn(text)
