"""Progress and messages of the computations, passed to Processing."""

from ..compute.progress import Progress


class FeedbackProgress(Progress):
    """Progress on a ``QgsProcessingFeedback``: progress bar, log and cancel button.

    Parameters
    ----------
    feedback : QgsProcessingFeedback
    """

    def __init__(self, feedback):
        self._feedback = feedback

    @property
    def cancelled(self):
        """bool: whether the cancel button was pressed."""
        return self._feedback.isCanceled()

    def show(self, fraction):
        """Move the progress bar."""
        self._feedback.setProgress(100.0 * fraction)

    def say(self, text):
        """Write a line to the log."""
        self._feedback.pushInfo(text)

    def warn(self, text):
        """Write a warning to the log."""
        self._feedback.pushWarning(text)
