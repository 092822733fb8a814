"""The steps of a case as text, by the names of addresses rather than by those of one run."""

from __future__ import annotations

from typing import NoReturn

from harness.addresses import Lease, Unresolved
from harness.case.model import Case
from harness.case.packet import Packet
from harness.case.steps import (
    Call,
    Classify,
    Count,
    Expect,
    NothingReceived,
    Received,
    Silence,
    Step,
)
from harness.case.symbols import Symbol
from harness.case.time import Duration, NamedDuration
from harness.judge.words import duration_words, packet_words, value_words
from harness.report.model import Purpose
from harness.run.describe import describe

_SETTLE = "settle"


class _NamesOnly(Lease):
    """A lease of nothing, so that every symbol is called by its name."""

    __slots__ = ()

    def __init__(self) -> None:
        """Nothing is set: words ask a lease for symbols alone."""

    def resolve(self, symbol: Symbol) -> NoReturn:
        """Nothing stands for a symbol here."""
        raise Unresolved(f"no address for {symbol}")


_NAMES = _NamesOnly()


def steps_of(purpose: Purpose) -> tuple[str, ...]:
    """The steps of a case, a line each; none if all that is known of it is its purpose."""
    if not isinstance(purpose, Case):
        return ()
    return tuple(step_words(step) for step in purpose.steps)


def step_words(step: Step) -> str:
    """What a step does or wants, in one line."""
    match step:
        case Expect(packet=packet, within=within, times=times, train=train):
            several = f"{times} times " if times > 1 else ""
            whole = " in one or more fragments" if train else ""
            return f"expecting {several}{_packet(packet)}{whole}{_within(within)}"
        case Silence(within=within, of=of):
            wanted = "" if of is None else f" of {_packet(of)}"
            return f"expecting silence{wanted}{_for(within)}"
        case Count(packet=packet, times=times, within=within):
            return f"expecting {value_words(times, _NAMES)} of {_packet(packet)}{_within(within)}"
        case Classify(subject=subject, ways=ways):
            return f"seeing {subject}: {', '.join(way.name for way in ways)}"
        case Received(socket=socket, fields=fields, errors=errors):
            said = ", ".join(f"{name} {value_words(value, _NAMES)}" for name, value in fields)
            got = "be told of an error" if errors else "receive"
            return f"expecting {socket!r} to {got}{f' with {said}' if said else ''}"
        case NothingReceived(socket=socket, errors=errors):
            return f"expecting {socket!r} to {'be told of no error' if errors else 'get nothing'}"
        case Call(operation=operation, socket=socket, answer=answer, within=within) if (
            answer and within is not None
        ):
            said = ", ".join(f"{name} {value_words(value, _NAMES)}" for name, value in answer)
            return f"expecting {operation} of {socket!r} to tell {said}"
    return describe(step, _NAMES) or type(step).__name__


def _packet(packet: Packet) -> str:
    return packet_words(packet, _NAMES)


def _within(duration: Duration) -> str:
    """A duration, unless it is the usual one."""
    if isinstance(duration, NamedDuration):
        return "" if duration.name == _SETTLE else f" within the {duration.name} time"
    return f" within {duration_words(duration)}"


def _for(duration: Duration) -> str:
    return _within(duration).replace(" within ", " for ")
