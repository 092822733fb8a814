"""Starting the bundled agent beside a Linux target, and ending it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

import harness
from harness.target.base import TargetError, TargetGone
from harness.upper.client import UnixUpper

START_PATIENCE = 10.0
"""Seconds for an agent to say that it is ready."""
END_PATIENCE = 2.0
"""Seconds for an agent to end after its client went away."""


class LaunchedUpper:
    """An agent as a child process, and the connection to it as `upper`.

    The child dies with the thread that started it: start it from one that stays.
    """

    upper: UnixUpper

    def __init__(self, namespace: str | None = None) -> None:
        """Start an agent, in a network namespace given by name or path, and greet it.

        Raises:
            TargetError: it does not start, or says yes to everything.
        """
        self._directory = tempfile.TemporaryDirectory(prefix="ip4spec-")
        path = str(Path(self._directory.name) / "upper")
        command = [sys.executable, "-P", "-m", "harness.upper.agent", "--socket", path]
        if namespace is not None:
            command += ["--namespace", namespace]
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )
        try:
            self._wait_until_ready()
            self.upper = UnixUpper(path)
            # The agent has greeted, so it serves nobody else: a run that is killed from here on
            # leaves no file behind.
            self._directory.cleanup()
            self.upper.check_honesty()
        except TargetGone as gone:
            self.close()
            raise TargetError(str(gone)) from None
        except BaseException:
            self.close()
            raise

    @property
    def process(self) -> int:
        """The agent's process id."""
        return self._child.pid

    def close(self) -> None:
        """Hang up and see the agent end; harmless when called twice."""
        if hasattr(self, "upper"):
            self.upper.close()
        else:
            self._child.terminate()
        try:
            self._child.wait(END_PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for stream in (self._child.stdout, self._child.stderr):
            if stream is not None:
                stream.close()
        self._directory.cleanup()

    def __enter__(self) -> LaunchedUpper:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _wait_until_ready(self) -> None:
        stdout, stderr = self._child.stdout, self._child.stderr
        if stdout is None or stderr is None:
            raise TargetError("upper tester: it has no output")
        readable, _, _ = select.select([stdout], [], [], START_PATIENCE)
        if not readable:
            raise TargetError(f"upper tester: not ready within {START_PATIENCE} s")
        if os.read(stdout.fileno(), 64) != b"ready\n":
            self._child.terminate()
            told = stderr.read().decode(errors="replace").strip().splitlines()
            raise TargetError(told[-1] if told else "upper tester: it ended at once")


def _environment() -> dict[str, str]:
    """The environment in which the child finds the package that this one was imported from."""
    root = str(Path(harness.__file__).resolve().parent.parent)
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": root if not before else f"{root}{os.pathsep}{before}"}
