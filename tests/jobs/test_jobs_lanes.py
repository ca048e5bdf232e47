"""A lane runs what is due, wakes when called, and outlives what goes wrong."""

from threading import Event

import pytest
from django.db import OperationalError

from prewatt.jobs.lanes import Job, Lane
from prewatt.kernel.errors import Unable


class Recorder:
    """A job that counts its runs and fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.runs = 0
        self.failures = list(failures)

    def __call__(self) -> int:
        self.runs += 1
        if self.failures:
            raise self.failures.pop(0)
        return 0


def lane(*jobs: Job) -> Lane:
    return Lane(name="test", jobs=jobs, stopping=Event())


def test_a_job_runs_when_it_is_due_and_not_before():
    often, seldom = Recorder(), Recorder()
    subject = lane(Job("often", often, 0.0), Job("seldom", seldom, 3_600))
    for _ in range(3):
        subject.look(was_called=False)
    assert (often.runs, seldom.runs) == (3, 1)


def test_a_call_brings_forward_what_listens_to_calls():
    called, deaf = Recorder(), Recorder()
    subject = lane(Job("called", called, 3_600), Job("deaf", deaf, 3_600, is_called=False))
    subject.look(was_called=False)
    subject.look(was_called=True)
    assert (called.runs, deaf.runs) == (2, 1)


@pytest.mark.parametrize("error", [OperationalError("gone"), Unable("busy"), ZeroDivisionError("a fault")])
def test_a_failure_delays_its_job_and_no_other(error: Exception):
    broken, sound = Recorder(error), Recorder()
    subject = lane(Job("broken", broken, 0.0), Job("sound", sound, 0.0))
    subject.look(was_called=False)
    assert (broken.runs, sound.runs) == (1, 1)
    subject.look(was_called=False)
    assert (broken.runs, sound.runs) == (1, 2), "it waits before it tries again"
    subject.look(was_called=True)
    assert broken.runs == 2, "a call makes it try"


def test_a_stopped_lane_begins_nothing():
    job = Recorder()
    subject = lane(Job("job", job, 0.0))
    subject._stopping.set()
    subject.look(was_called=True)
    assert job.runs == 0


def test_a_lane_ends_when_told_though_it_waits():
    stopping = Event()
    job = Recorder()
    subject = Lane(name="test", jobs=[Job("job", job, 3_600)], stopping=stopping)
    subject.start()
    subject.call()
    stopping.set()
    subject.call()
    subject.join(5)
    assert not subject.is_alive()
