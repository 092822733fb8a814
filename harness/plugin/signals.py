"""SIGTERM, by which CI systems end a run: as Ctrl-C, so that what is known is reported."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

import pytest

_BEFORE = pytest.StashKey[Any]()


def begin(config: pytest.Config) -> None:
    """Let SIGTERM end the run in good order."""
    if threading.current_thread() is threading.main_thread():
        config.stash[_BEFORE] = signal.signal(signal.SIGTERM, _interrupt)


def end(config: pytest.Config) -> None:
    """Let SIGTERM do what it did before."""
    before = config.stash.get(_BEFORE, None)
    if before is not None:
        signal.signal(signal.SIGTERM, before)
        del config.stash[_BEFORE]


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the reports are being written
    raise KeyboardInterrupt
