"""Progress messages with the estimated time left."""

import time

from .progress import Progress

# Interval of the messages; the first one comes after the same time.
SECONDS_BETWEEN = 15.0


class TimeLeftProgress(Progress):
    """Progress that also reports the fraction done and the estimated time left at intervals.

    Parameters
    ----------
    whole : Progress
    action : str
        Participle for the fraction done, for instance "mapped".
    clock : callable, optional
        Time in seconds.
    """

    def __init__(self, whole, action, clock=time.monotonic):
        self._whole, self._action, self._clock = whole, action, clock
        self._started = self._last_report = clock()

    @property
    def cancelled(self):
        """bool: whether the user cancelled."""
        return self._whole.cancelled

    def show(self, fraction):
        """Display the fraction, and report the time left if it is due."""
        self._whole.show(fraction)
        now = self._clock()
        if fraction > 0 and now - self._last_report >= SECONDS_BETWEEN:
            self._last_report = now
            left = format_duration((now - self._started) * (1 / fraction - 1))
            self.say(f"{100 * fraction:.0f} % {self._action}, about {left} left.")

    def say(self, text):
        """Forward a message."""
        self._whole.say(text)

    def warn(self, text):
        """Forward a warning."""
        self._whole.warn(text)


def format_duration(seconds):
    """A duration as text: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
