"""Writing to pytest's terminal: the summary of a run and the progress of a long one."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from harness.report.terminal import ProgressLine

if TYPE_CHECKING:
    from harness.run import Progress

WIDTH_OF_A_LOG = 100
"""Columns where the output is no terminal."""


class _Terminal(io.StringIO):
    """pytest's terminal as a file for rich; each piece begins on a line of its own."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        super().__init__()
        self._terminal = terminal

    def write(self, text: str) -> int:
        """Write to the terminal, below what pytest has begun to write."""
        self._terminal.ensure_newline()
        self._terminal.write(text, flush=True)
        return len(text)

    def isatty(self) -> bool:
        """Whether someone may be looking."""
        return bool(self._terminal.isatty)


def console_on(terminal: pytest.TerminalReporter) -> Console:
    """A console that writes to pytest's terminal, in colours if pytest would."""
    width = shutil.get_terminal_size().columns if terminal.isatty else WIDTH_OF_A_LOG
    return Console(
        file=_Terminal(terminal),
        force_terminal=terminal.hasmarkup,
        no_color=not terminal.hasmarkup,
        width=width,
        highlight=False,
    )


PATIENCE = 1.0
"""Seconds that an item waits before it says why."""


class ProgressDisplay:
    """Shows how far the cases are while an item waits; takes the line away when it has its result.

    Nothing is shown without a terminal plugin, as in a worker.
    """

    def __init__(self, config: pytest.Config, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._since = time.monotonic()
        self._shown = False
        plugins = config.pluginmanager
        self._terminal: pytest.TerminalReporter | None = plugins.get_plugin("terminalreporter")
        self._capture = plugins.get_plugin("capturemanager")
        self._line: ProgressLine | None = None

    def begin(self) -> None:
        """An item begins to wait."""
        self._since = time.monotonic()

    def show(self, progress: Progress) -> None:
        """Show how far the run is now, if the item has waited for long."""
        if self._terminal is None or time.monotonic() - self._since < self._patience:
            return
        self._shown = True
        with self._uncaptured():
            if self._line is None:
                self._line = ProgressLine(console_on(self._terminal))
            self._line.show(progress)

    def hide(self) -> None:
        """Leave the terminal to pytest."""
        if self._shown and self._line is not None:
            self._shown = False
            with self._uncaptured():
                self._line.close()

    @contextmanager
    def _uncaptured(self) -> Iterator[None]:
        if self._capture is None:
            yield
            return
        with self._capture.global_and_fixture_disabled():
            yield
