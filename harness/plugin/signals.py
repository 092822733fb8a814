"""Ctrl-C, and SIGTERM, by which CI systems end a run: what is known is reported.

An exception out of nowhere is not always survived by what it hits: pytest may lose the reports
over it, Python may swallow it. While a case is run the first signal is therefore only noted, and
the run ends at the next place that is fit for it, half a second later at most. The second one
ends the run where it stands.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """The wish that a run may end, and when it is heard."""

    def __init__(self, *, once: bool) -> None:
        self.holding = False
        """Whether the first signal is only noted."""
        self._once = once
        self._asked = False
        self._heard = False
        self._before: dict[signal.Signals, Any] = {}

    def check(self) -> None:
        """Hear a signal that came.

        Raises:
            KeyboardInterrupt: one did.
        """
        if self._asked and not self._heard:
            self._heard = True
            raise KeyboardInterrupt

    def listen(self) -> None:
        """Take the signals, but those that whoever started the run has switched off."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._take)

    def deafen(self) -> None:
        """Let the signals do what they did before."""
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked and self._once:
            return
        first, self._asked = not self._asked, True
        if not (first and self.holding):
            self._heard = True
            raise KeyboardInterrupt


_INTERRUPTS = pytest.StashKey[Interrupts]()


def listen(config: pytest.Config) -> Interrupts:
    """Take the signals from now on.

    A worker gets several: from the terminal and from the controller, which ends it if need be.
    """
    interrupts = config.stash[_INTERRUPTS] = Interrupts(once=hasattr(config, "workerinput"))
    interrupts.listen()
    return interrupts


def deafen(config: pytest.Config) -> None:
    """Let the signals do what they did before."""
    config.stash[_INTERRUPTS].deafen()


@contextmanager
def held(config: pytest.Config) -> Iterator[None]:
    """Hear the first signal at the end, or when somebody checks.

    Raises:
        KeyboardInterrupt: a signal came.
    """
    interrupts = config.stash[_INTERRUPTS]
    interrupts.holding = True
    try:
        yield
    finally:
        interrupts.holding = False
    interrupts.check()


@contextmanager
def ending(config: pytest.Config) -> Iterator[None]:
    """The run ends anyway: the first signal is late; afterwards they do what they did before."""
    interrupts = config.stash[_INTERRUPTS]
    interrupts.holding = True
    try:
        yield
    finally:
        interrupts.deafen()
