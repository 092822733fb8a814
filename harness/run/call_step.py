"""Upper-tester calls: what the target's user does, gets, and is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.case.match import Seen
from harness.case.packet import Packet
from harness.case.steps import Call, NothingReceived, Received
from harness.case.symbols import NEAR, Address, Mac, Port
from harness.decode import read_options
from harness.encode import Encoder
from harness.judge.match import matches
from harness.judge.option_match import options_match
from harness.judge.words import duration_words, value_words
from harness.run.bench import Wait, Window
from harness.run.describe import call_arguments
from harness.run.sentinel import sentinel
from harness.run.silence_step import dead
from harness.run.state import Run, State
from harness.target.base import Answer, Upper
from harness.trace import Event

POLL = 10_000
"""Microseconds between two looks at a socket."""
AGAIN = "EAGAIN"
"""The error of a call that can't be done yet."""
NOT_THE_TARGETS_FAULT = frozenset({"ENOSYS", "EBADMSG"})
"""Errors by which an upper tester says that it did not understand."""


class NoUpperTester(Exception):
    """The case calls and nobody is there to be called."""


class CallError(Exception):
    """The upper tester does not do what a step needs it to do."""


def call(state: State, step: Call) -> Run:
    """Make a call and judge whether it was taken or refused.

    A call with a time is made again until it is taken and tells what it must, or its time is over.

    Raises:
        TargetGone: the upper tester does not answer.
        NoUpperTester: there is none.
    """
    arguments = _arguments(state, step)
    answer = make(state, step.operation, step.socket, arguments)
    if step.within is not None:
        window = Window(state.bench, state.since, state.microseconds(step.within))
        while _may_come_yet(state, step, answer) and not window.over:
            yield Wait(min(window.until, state.bench.now() + POLL), or_frame=False)
            answer = make(state, step.operation, step.socket, arguments)
    _judge(state, step, answer)


def _may_come_yet(state: State, step: Call, answer: Answer) -> bool:
    """Whether the same call may have a better answer later."""
    if answer.error is not None:
        return answer.error == AGAIN
    told = answer.value
    return any(not matches(wanted, told.get(name), state.view) for name, wanted in step.answer)


def _judge(state: State, step: Call, answer: Answer) -> None:
    state.since = state.bench.now()
    cites = state.cited(step.cites)
    of = f" of socket {step.socket!r}" if step.socket else ""
    named = f"{step.operation}{of}{call_arguments(step, state.view.lease)}"
    if answer.error in NOT_THE_TARGETS_FAULT:
        state.unseen(cites, named, f"the upper tester answers {answer.error}")
    elif step.refused is None:
        return
    elif step.refused:
        if answer.error is None:
            state.broken(cites, f"{named} to be refused", "it was accepted")
        else:
            state.met(cites)
    elif answer.error is None and step.answer:
        _judge_answer(state, step, answer, cites, named)
    elif answer.error is None:
        if step.cites is not None:
            state.met(cites)
    elif step.cites is not None:
        state.broken(cites, f"{named} to be accepted", f"it was refused: {answer.error}")
    else:
        state.unseen(cites, named, f"refused: {answer.error}")


def _judge_answer(
    state: State, step: Call, answer: Answer, cites: tuple[str, ...], named: str
) -> None:
    """Hold what a call tells against what the step wants to be told."""
    for name, given in step.answer:
        wanted = _octets(state, given)
        told = answer.value.get(name)
        expected = f"{named} to tell {name} {value_words(wanted, state.view.lease, name)}"
        if name not in answer.value:
            state.unseen(cites, expected, "the upper tester does not tell")
            return
        if not matches(wanted, told, state.view):
            state.broken(cites, expected, f"{name} {value_words(told, state.view.lease, name)}")
            return
    state.met(cites)


def make(state: State, operation: str, socket: str | None, arguments: Mapping[str, Any]) -> Answer:
    """Make a call and write it down."""
    upper: Upper | None = state.bench.upper
    if upper is None:
        raise NoUpperTester("the target has no upper tester")
    given = dict(arguments)
    if socket is not None:
        given["socket"] = _own_name(state, socket)
    answer = upper.call(operation, given)
    said = ", ".join(f"{name} {_shown(value)}" for name, value in arguments.items())
    outcome = answer.error or "ok"
    state.trace.add(
        state.bench.now(),
        Event.CALL,
        f"{operation} {socket or ''} {said}: {outcome}".replace("  ", " "),
        step=state.step or None,
    )
    return answer


def _own_name(state: State, socket: str) -> str:
    """A case's name for a socket, made one that no other case has."""
    return f"{state.view.lease.identifier}.{socket}"


def _shown(value: Any) -> str:
    return value.hex(" ") if isinstance(value, bytes) else str(value)


def _arguments(state: State, step: Call) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in step.arguments:
        if name == "listener":
            given[name] = _own_name(state, value)
        elif name == "on":
            given[name] = state.view.lease.links[value].target
        elif name == "options":
            given[name] = option_area(state.bench.encoder, state, value)
        else:
            given[name] = _resolved(state, _octets(state, value))
    return given


def _octets(state: State, value: Any) -> Any:
    """Option templates, and those of datagrams, as octets; all else as it is."""
    if isinstance(value, tuple):
        return option_area(state.bench.encoder, state, value)
    if isinstance(value, Packet):
        state.serial += 1
        return state.bench.encoder.encode(value, NEAR, state.serial, state.view.lookup).datagram
    return value


def option_area(encoder: Encoder, state: State, options: Any) -> bytes:
    """Option templates as the octets of an option area, filled up with zeros."""
    area = encoder.option_area(options, NEAR, state.view.lookup)
    return area + bytes(-len(area) % 4)


def _resolved(state: State, value: Any) -> Any:
    if isinstance(value, Address | Port | Mac):
        return state.view.lease.resolve(value)
    if isinstance(value, Seen):
        return state.view.lookup(value.label, value.field)
    return value


def received(state: State, step: Received) -> Run:
    """Read a socket until what is expected comes; what else came stays for later steps."""
    length = state.microseconds(step.within)
    window = Window(state.bench, state.since, length)
    cites = state.cited(step.cites)
    while True:
        queue = _read(state, step.socket, errors=step.errors)
        for item in queue:
            if not _faults(state, step, item):
                queue.remove(item)
                state.met(cites)
                return
        if window.over:
            break
        yield Wait(min(window.until, state.bench.now() + POLL), or_frame=False)
    what = "an error" if step.errors else "a datagram"
    said = ", ".join(
        f"{name} {value_words(value, state.view.lease, name)}" for name, value in step.fields
    )
    expected = f"{what} at socket {step.socket!r}" + (f" with {said}" if said else "")
    if queue:
        faults = "; ".join(_faults(state, step, queue[0]))
        state.broken(cites, expected, faults)
    else:
        waited = duration_words(length)
        state.broken(cites, expected, f"nothing in {waited}", missing=True)


def _read(state: State, socket: str, *, errors: bool) -> list[dict[str, Any]]:
    """What the target's user has read from a socket so far and no step has claimed.

    Raises:
        CallError: the socket can't be read.
    """
    operation, key = ("errors", "errors") if errors else ("receive", "datagrams")
    answer = make(state, operation, socket, {})
    if answer.error is not None:
        raise CallError(f"{operation} on {socket!r} is refused: {answer.error}")
    queue = state.queues.setdefault((socket, errors), [])
    queue.extend(dict(item) for item in answer.value.get(key, ()))
    return queue


def _faults(state: State, step: Received, item: Mapping[str, Any]) -> list[str]:
    """What of a datagram or error read is not as expected, in words."""
    faults = []
    for name, wanted in step.fields:
        actual = item.get(name)
        if name in ("options", "return_options"):
            actual = read_options(actual or b"")
            right = options_match(wanted, actual, state.view)
        else:
            right = matches(wanted, actual, state.view)
        if not right:
            shown = "none" if actual is None else value_words(actual, state.view.lease, name)
            faults.append(f"{name} {shown}")
    return faults


def nothing_received(state: State, step: NothingReceived) -> Run:
    """Nothing is to be read, up to the sentinel's answer and through the window."""
    cites = state.cited(step.cites)
    deadline = state.since + state.microseconds(step.within)
    missing = yield from sentinel(state)
    while state.bench.seen() < deadline:
        yield Wait(deadline, or_frame=False)
    queue = _read(state, step.socket, errors=step.errors)
    window = duration_words(deadline - state.since)
    expected = f"nothing at socket {step.socket!r} for {window}"
    if queue:
        first = ", ".join(f"{name} {_shown(value)}" for name, value in queue[0].items())
        state.broken(cites, expected, f"{len(queue)} read: {first}")
    elif missing is not None:
        dead(state, cites, expected, missing)
    else:
        state.met(cites)
