"""The upper tester beside a Linux target: `python -m harness.upper.agent --socket PATH`.

It listens on PATH, writes `ready`, serves one client and ends with it, on SIGTERM, and when its
parent dies. Standard library only, and of the harness nothing but its neighbours in this package.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import signal
import socket as net
import sys
from collections.abc import Sequence
from types import FrameType

from harness.upper import protocol
from harness.upper.linux_calls import Calls
from harness.upper.protocol import Fault, Response

PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000
CHUNK = 1 << 16


class Ending(Exception):
    """A signal wants the agent to end."""


def answer(calls: Calls, line: bytes) -> Response:
    """What a line gets, whatever it holds."""
    number: int | None = None
    try:
        request = protocol.decode_request(line)
        number = request.id
        return Response(number, calls.make(request.call, request.arguments))
    except Fault as fault:
        known = fault.id if number is None else number
        return Response(known, {}, protocol.NOT_UNDERSTOOD, str(fault))
    except OSError as refusal:
        return Response(number, {}, protocol.error_name(refusal.errno), refusal.strerror)


class Lines:
    """Cuts a stream of octets into lines; an overlong line becomes an unreadable one."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False

    def feed(self, octets: bytes) -> list[bytes]:
        """The lines that are complete now, without their ends."""
        *whole, rest = octets.split(b"\n")
        lines = []
        for end in whole:
            self._add(end)
            lines.append(b"" if self._skipping else bytes(self._rest))
            self._rest.clear()
            self._skipping = False
        self._add(rest)
        return lines

    def _add(self, octets: bytes) -> None:
        if len(self._rest) + len(octets) > protocol.MAX_LINE:
            self._skipping = True
            self._rest.clear()
        elif not self._skipping:
            self._rest += octets


def serve(client: net.socket, calls: Calls) -> None:
    """Answer line by line until the client goes away.

    A client that does not read its answers waits for its next ones: nothing piles up here.
    """
    lines = Lines()
    try:
        while octets := client.recv(CHUNK):
            for line in lines.feed(octets):
                client.sendall(protocol.encode_response(answer(calls, line)))
    except ConnectionError:
        return


def listen(path: str) -> net.socket:
    """A listening socket at a path that only this user can reach."""
    listener = net.socket(net.AF_UNIX, net.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    listener.listen(1)
    return listener


def run(path: str) -> None:
    """Serve the first client that comes to the path; the path is gone when this ends."""
    calls = Calls()
    listener = listen(path)
    try:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        client, _ = listener.accept()
    finally:
        listener.close()
        os.unlink(path)
    try:
        with client:
            serve(client, calls)
    finally:
        calls.close()


def enter_namespace(name: str) -> None:
    """Enter a network namespace, by its name or by the path of its file."""
    path = name if "/" in name else f"/run/netns/{name}"
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"can't enter {path}: {os.strerror(number)}")
    finally:
        os.close(descriptor)


def end_with_parent(parent: int) -> None:
    """Have SIGTERM sent when the parent dies; it is sent at once if that happened already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise Ending


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 after a client was served, 1 when it could not begin."""
    parent = os.getppid()
    parser = argparse.ArgumentParser(prog="harness.upper.agent", description=__doc__)
    parser.add_argument("--socket", required=True, help="path of the Unix socket to serve")
    parser.add_argument("--namespace", help="network namespace to enter: a name or a path")
    wanted = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        end_with_parent(parent)
        # Thousands of cases may hold a socket at once.
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if wanted.namespace is not None:
            enter_namespace(wanted.namespace)
        run(wanted.socket)
    except Ending:
        return 0
    except OSError as problem:
        sys.stderr.write(f"upper tester: {problem.strerror or problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
