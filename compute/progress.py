"""How long work talks to whoever waits for it.

The science never sees a QGIS feedback object: it gets a :class:`Progress` and calls :meth:`Progress.step`,
:meth:`Progress.say` and :meth:`Progress.warn`. ``step`` and ``check`` raise :class:`~.errors.Cancelled` once the
user asked to stop, so that every block of work is also a point where it can end.
"""

from .errors import Cancelled


class Progress:
    """Progress that nobody watches; subclasses override the three hooks ``show``, ``say`` and ``warn``."""

    @property
    def cancelled(self):
        """bool: whether the user asked to stop."""
        return False

    def show(self, fraction):
        """Display the fraction (0..1) of the whole work that is done."""

    def say(self, text):
        """Tell the user something worth knowing."""

    def warn(self, text):
        """Tell the user something that may spoil the result."""

    def check(self):
        """Raise :class:`Cancelled` if the user asked to stop."""
        if self.cancelled:
            raise Cancelled()

    def step(self, fraction):
        """Display the fraction done, unless the user asked to stop (then raise :class:`Cancelled`)."""
        self.check()
        self.show(fraction)

    def part(self, start, end):
        """A progress for a stage of the work: its 0..1 is shown as `start`..`end` here."""
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


class Quiet(Progress):
    """Progress of a step that need not speak for each of many things; warnings are passed on.

    Parameters
    ----------
    progress : Progress
    """

    def __init__(self, progress):
        self._progress = progress

    @property
    def cancelled(self):
        """bool: whether the user asked to stop."""
        return self._progress.cancelled

    def show(self, fraction):
        """Display the fraction done."""
        self._progress.show(fraction)

    def warn(self, text):
        """Pass a warning on."""
        self._progress.warn(text)
