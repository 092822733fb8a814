"""The harness's end of the upper-tester protocol."""

from __future__ import annotations

import socket as net
from collections.abc import Mapping
from typing import Any, NoReturn

from harness.target.base import Answer, TargetError, TargetGone
from harness.upper import protocol
from harness.upper.protocol import Fault, Response

PATIENCE = 2.0
"""Seconds within which any call is answered: none of them waits for the network."""
CHUNK = 1 << 16


def handed_on(response: Response) -> Answer:
    """What the harness is told: with an error that is not the target's goes what was amiss."""
    if response.error in protocol.NOT_THE_TARGETS and response.text is not None:
        return Answer({"text": response.text}, response.error)
    return Answer(response.value, response.error)


class UnixUpper:
    """An upper tester that listens on a Unix socket."""

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        """Connect and greet.

        Raises:
            TargetGone: nobody answers there.
            TargetError: what answers is not an upper tester of this version.
        """
        self._stream = net.socket(net.AF_UNIX, net.SOCK_STREAM)
        self._stream.settimeout(patience)
        self._rest = b""
        self._number = 0
        self._gone: str | None = None
        try:
            self._stream.connect(path)
        except OSError as problem:
            self._lost(f"upper tester: nobody listens on {path}: {problem.strerror or problem}")
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Answer:
        """Make a call; octets are `bytes` in arguments and answers.

        An error of `protocol.NOT_THE_TARGETS` is no refusal: the agent lacks the call.

        Raises:
            TargetGone: the agent does not answer any more.
        """
        return handed_on(self._ask(operation, arguments))

    def capabilities(self) -> frozenset[str]:
        """The calls that the agent says it has."""
        calls = self.call("capabilities", {}).value.get("calls")
        if not isinstance(calls, list) or not all(isinstance(call, str) for call in calls):
            raise TargetError("upper tester: capabilities lists no calls")
        return frozenset(calls)

    def check_honesty(self) -> None:
        """Make sure that the agent refuses a call that nobody has.

        Raises:
            TargetError: it does not; its other answers are worth nothing then.
        """
        if protocol.UNKNOWN_CALL in self.capabilities():
            raise TargetError("upper tester: it lists a call that nobody has")
        response = self._ask(protocol.UNKNOWN_CALL, {})
        if response.error != protocol.NO_SUCH_CALL:
            got = response.error or "success"
            raise TargetError(f"upper tester: a call that nobody has is answered with {got}")

    def close(self) -> None:
        """Hang up: the agent closes its sockets and ends. Harmless when called twice."""
        self._gone = self._gone or "upper tester: the connection is closed"
        self._stream.close()

    def _greet(self) -> None:
        response = self._ask("hello", {"version": protocol.VERSION})
        told = response.value
        if response.error is not None or told.get("protocol") != protocol.NAME:
            raise TargetError(
                f"upper tester: no {protocol.NAME} of version {protocol.VERSION} here:"
                f" {response.text or response.error or 'another protocol'}"
            )
        if told.get("version") != protocol.VERSION:
            raise TargetError(f"upper tester: version {told.get('version')} is not spoken here")

    def _ask(self, call: str, arguments: Mapping[str, Any]) -> Response:
        if self._gone is not None:
            raise TargetGone(self._gone)
        self._number += 1
        try:
            self._stream.sendall(protocol.encode_request(self._number, call, arguments))
            response = protocol.decode_response(self._line())
        except TimeoutError:
            self._lost(f"upper tester: no answer to {call} within {self._stream.gettimeout()} s")
        except OSError as problem:
            self._lost(f"upper tester: lost during {call}: {problem.strerror or problem}")
        except Fault as fault:
            self._lost(f"upper tester: the answer to {call} can't be read: {fault}")
        if response.id != self._number:
            self._lost(f"upper tester: {call} has number {self._number}, answered {response.id}")
        return response

    def _line(self) -> bytes:
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            octets = self._stream.recv(CHUNK)
            if not octets:
                raise ConnectionResetError("it hung up")
            parts.append(octets)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def _lost(self, why: str) -> NoReturn:
        """Remember for all further calls that the two are out of step."""
        self._gone = why
        self._stream.close()
        raise TargetGone(why) from None
