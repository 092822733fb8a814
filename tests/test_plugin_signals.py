"""Signals that end a run: the first is heard where it does no harm, the second at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from harness.plugin.signals import Interrupts
from tests.fake_workshop import Library


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    made = Interrupts(once=False)
    made.listen()
    yield made
    made.deafen()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_heard_at_once_unless_it_would_do_harm(
    interrupts: Interrupts, number: signal.Signals
) -> None:
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
    interrupts.check()


def test_the_first_waits_for_a_check_and_is_heard_once(interrupts: Interrupts) -> None:
    interrupts.holding = True
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        interrupts.check()
    interrupts.check()


def test_the_second_waits_for_nothing(interrupts: Interrupts) -> None:
    interrupts.holding = True
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    interrupts.check()


def test_a_worker_is_told_several_times_and_hears_one() -> None:
    worker = Interrupts(once=True)
    worker.listen()
    try:
        worker.holding = True
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            worker.check()
        os.kill(os.getpid(), signal.SIGINT)
        worker.check()
    finally:
        worker.deafen()


def test_what_was_switched_off_stays_so_and_all_is_given_back() -> None:
    """`nohup` and shells without job control start runs that ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN), signal.getsignal(signal.SIGTERM)
    try:
        interrupts = Interrupts(once=False)
        interrupts.listen()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) not in before
        interrupts.deafen()
        assert signal.getsignal(signal.SIGTERM) is before[1]
    finally:
        signal.signal(signal.SIGINT, before[0])


def test_a_run_gives_the_signals_back(library: Library) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    library.write("pass")
    library.run()
    library.run("--case=rfc1122-3.2.1.7-none")
    library.run("--target=bundeld")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
