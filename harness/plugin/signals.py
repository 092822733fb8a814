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

    def __init__(self) -> None:
        self._held = False
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Note the first signal only; it is heard by `check`, or at the end.

        Raises:
            KeyboardInterrupt: a signal came.
        """
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self.check()

    def check(self) -> None:
        """Hear a signal that came.

        Raises:
            KeyboardInterrupt: one did.
        """
        if self._asked:
            self._asked = False
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
        if self._held and not self._asked:
            self._asked = True
        else:
            raise KeyboardInterrupt


_INTERRUPTS = pytest.StashKey[Interrupts]()


def interrupts_of(config: pytest.Config) -> Interrupts:
    """Those of this process."""
    return config.stash.setdefault(_INTERRUPTS, Interrupts())
