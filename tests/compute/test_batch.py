"""Many inputs, some of them unusable, for each value of ON_ERROR."""

import pytest

from floefield.compute.batch import MAX_REASONS, ON_ERROR, BatchResult, BatchStopped, run_batch
from floefield.compute.errors import Cancelled, MissingInput, OutputError, UnsuitableInput
from floefield.compute.progress import Progress


class Recording(Progress):
    def __init__(self):
        self.warnings, self.fractions = [], []

    def warn(self, text):
        self.warnings.append(text)

    def show(self, fraction):
        self.fractions.append(fraction)


def half(number, progress):
    progress.step(1.0)
    if number % 2:
        raise MissingInput(f"{number} is odd.")
    return number // 2


@pytest.mark.parametrize("on_error", ["skip", "skip_then_fail"])
def test_the_other_inputs_are_processed(on_error):
    progress = Recording()
    batch = run_batch([2, 3, 4], half, on_error, progress, "numbers")
    assert batch == BatchResult((1, 2), ((3, "3 is odd."),), "numbers")
    assert progress.warnings == ["Skipped: 3 is odd."]
    assert progress.fractions == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1])
    batch.require_success("skip")
    with pytest.raises(UnsuitableInput, match=r"^1 of 3 numbers could not be used, the others were processed\. 3 is"):
        batch.require_success("skip_then_fail")


def test_stop_ends_the_batch_at_the_first_error():
    done = []

    def work(number, progress):
        done.append(number)
        return half(number, progress)

    with pytest.raises(BatchStopped, match=r"3 is odd\. ON_ERROR=skip continues with the other numbers\."):
        run_batch([2, 3, 4], work, "stop", Recording(), "numbers")
    assert done == [2, 3]
    with pytest.raises(BatchStopped, match=r"^3 is odd\.$"):
        run_batch([3], half, "stop", Recording(), "numbers")


def test_a_batch_inside_a_batch_stops_both_with_one_sentence():
    with pytest.raises(BatchStopped, match=r"^3 is odd\. ON_ERROR=skip continues with the other inner\.$"):
        run_batch("ab", lambda _, progress: run_batch([3, 5], half, "stop", progress, "inner"), "stop", Recording())


@pytest.mark.parametrize("on_error", ON_ERROR)
@pytest.mark.parametrize("error", [OutputError, Cancelled, ZeroDivisionError])
def test_output_errors_cancellation_and_bugs_end_every_batch(on_error, error):
    def work(number, progress):
        raise error

    with pytest.raises(error):
        run_batch([1, 2], work, on_error, Recording())


def test_cancelling_between_inputs_ends_the_batch():
    class CancelledProgress(Progress):
        cancelled = True

    with pytest.raises(Cancelled):
        run_batch([2], half, "skip", CancelledProgress())


def test_the_message_tells_one_none_and_many_failures_apart():
    progress = Recording()
    assert run_batch([3], half, "skip", progress).failure_message() == "3 is odd."
    assert not progress.warnings
    none = run_batch([3, 5], half, "skip", progress, "numbers")
    assert none.failure_message() == "None of the 2 numbers could be used; see the log for each reason. 3 is odd."
    with pytest.raises(UnsuitableInput, match="None of the 2"):
        none.require_success("skip")
    many = run_batch(range(2 * MAX_REASONS + 6), half, "skip", progress).failure_message()
    assert many.count("is odd") == MAX_REASONS and many.endswith("See the log for 3 more.")
    run_batch([2, 4], half, "skip_then_fail", progress).require_success("skip_then_fail")
