"""Telling how long it will still take, now and then."""

import time

from ..progress import Progress

# The first word comes when the pace is known, the next ones at this distance.
SECONDS_BETWEEN = 15.0


class TimeLeft(Progress):
    """Progress that also says from time to time how much of the work is done and how long the rest will take.

    Parameters
    ----------
    whole : Progress
    deed : str
        What is done to the share said, for instance "mapped".
    clock : callable, optional
        Seconds since whenever.
    """

    def __init__(self, whole, deed, clock=time.monotonic):
        self._whole, self._deed, self._clock = whole, deed, clock
        self._began = self._said = clock()

    @property
    def cancelled(self):
        """bool: whether the user asked to stop."""
        return self._whole.cancelled

    def show(self, fraction):
        """Display the fraction, and say the time left if it is time to."""
        self._whole.show(fraction)
        now = self._clock()
        if fraction > 0 and now - self._said >= SECONDS_BETWEEN:
            self._said = now
            self.say(f"{100 * fraction:.0f} % {self._deed}, about {in_words((now - self._began) * (1 / fraction - 1))} "
                     "left.")

    def say(self, text):
        """Pass a text on."""
        self._whole.say(text)

    def warn(self, text):
        """Pass a warning on."""
        self._whole.warn(text)


def in_words(seconds):
    """A time span as people say it: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
