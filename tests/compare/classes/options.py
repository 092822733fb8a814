"""Differences about IP options: what is a fault in them, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from socket import inet_ntoa

from harness.decode import DecodedOption, Frame, read_options
from tests.compare.classes.model import Class, Right, kernel_only, pointer, stack_only
from tests.compare.difference import Difference
from tests.compare.normalise import Seen
from tests.compare.stimulus import (
    SOURCE_ROUTES,
    TIMESTAMP,
    Sent,
    at,
    broken,
    misaligned,
    no_room,
    odd_alert,
    odd_slots,
    options,
    repeated,
)

_Fault = Callable[[Frame, int], bool]
"""Whether a fault of a header is at an octet of it."""


def _points(seen: Seen | None, sent: Sent, fault: _Fault) -> bool:
    octet = pointer(seen)
    return octet >= 20 and sent.any(lambda frame: fault(frame, octet))


def _stack_reports(fault: _Fault) -> Callable[[Difference, Sent], bool]:
    """The stack alone finds a fault, and the kernel does something else instead.

    Where no error may be sent the stack drops the datagram without a word.
    """

    def matches(difference: Difference, sent: Sent) -> bool:
        if _points(stack_only(difference, "icmp 12/"), sent, fault):
            return True
        return kernel_only(difference) is not None and (
            any(_points(stack_only(other, "icmp 12/"), sent, fault) for other in sent.found)
            or sent.any(lambda frame: _dropped(frame, sent, fault))
        )

    return matches


def _dropped(frame: Frame, sent: Sent, fault: _Fault) -> bool:
    """Whether the stack drops without a word what it would report, were it allowed to."""
    return not sent.reportable(frame) and any(fault(frame, octet) for octet in range(20, 60))


def _again(frame: Frame, octet: int) -> bool:
    option = at(frame, octet)
    return option is not None and option.at == octet and option.type in repeated(frame)


def _flag(frame: Frame, octet: int) -> bool:
    option = at(frame, octet)
    return (
        option is not None
        and option.type == TIMESTAMP
        and octet == option.at + 3
        and option.octets[3] & 15 not in (0, 1, 3)
    )


def _wrong_length(frame: Frame, octet: int) -> bool:
    option = at(frame, octet)
    return option is not None and octet == option.at + 1 and odd_alert(option)


def _slots(frame: Frame, octet: int) -> bool:
    """S14.6: at the length where the area is no whole number of slots, else at the pointer."""
    option = at(frame, octet)
    if option is None:
        return False
    odd = odd_slots(option)
    return (odd or misaligned(option)) and octet == option.at + (1 if odd else 2)


def _second_route(frame: Frame, octet: int) -> bool:
    option = at(frame, octet)
    return (
        option is not None
        and option.at == octet
        and option.type in SOURCE_ROUTES
        and any(one.type in SOURCE_ROUTES and one.at < octet for one in options(frame))
    )


def _type_or_length(difference: Difference, sent: Sent) -> bool:
    if difference.what != "icmp.rest":
        return False
    octet = pointer(difference.kernel)
    return pointer(difference.stack) == octet + 1 and sent.any(
        lambda frame: any(one.at == octet and broken(one) for one in options(frame))
    )


def _pointer_or_length(difference: Difference, sent: Sent) -> bool:
    """The stack points at the length octet, the kernel at the pointer octet behind it."""
    if difference.what != "icmp.rest":
        return False
    octet = pointer(difference.stack)
    return pointer(difference.kernel) == octet + 1 and sent.any(
        lambda frame: any(
            one.at == octet - 1 and (no_room(one) or odd_slots(one)) for one in options(frame)
        )
    )


def _one_of_several(difference: Difference, sent: Sent) -> bool:
    """The stack reports what the kernel does not look for, the kernel another fault."""
    if difference.what != "icmp.rest" or pointer(difference.kernel) < 20:
        return False

    def fault(frame: Frame) -> bool:
        octet = pointer(difference.stack)
        return any(
            test(frame, octet) for test in (_flag, _again, _wrong_length, _slots, _second_route)
        )

    return sent.any(fault)


def _recorded_twice(difference: Difference, sent: Sent) -> bool:
    """The kernel's record route is the stack's and the answering address once more."""
    if difference.what != "options" or None in difference.values:
        return False
    stack, kernel = (read_options(area) for area in difference.values)
    ours = [one.octets for one in stack if one.type == 7]
    theirs = [one.octets for one in kernel if one.type == 7]
    others = [
        [one.octets for one in found if one.type > 1 and one.type != 7] for found in (stack, kernel)
    ]
    return (
        others[0] == others[1]
        and len(ours) == len(theirs) == 1
        and len(ours[0]) == len(theirs[0])
        and _once_more(ours[0], theirs[0], sent)
    )


def _once_more(ours: bytes, theirs: bytes, sent: Sent) -> bool:
    """Whether one record route has an entry of the target's own behind all that the other has."""
    end = ours[2] - 1
    return (
        theirs[2] == ours[2] + 4
        and ours[3:end] + ours[end + 4 :] == theirs[3:end] + theirs[end + 4 :]
        and inet_ntoa(theirs[end : end + 4]) in sent.plan.own
    )


def _padding(difference: Difference, sent: Sent) -> bool:
    """The same options in another order, with other no-operations between and behind them."""
    if difference.what != "options" or None in difference.values:
        return False
    stack, kernel = (
        sorted(one.octets for one in read_options(area) if one.type > 1)
        for area in difference.values
    )
    return stack == kernel


def _overflow(difference: Difference, sent: Sent) -> bool:
    if difference.what != "options" or None in difference.values:
        return False
    stack, kernel = (read_options(area) for area in difference.values)

    def counted(ours: bytes, theirs: bytes) -> bool:
        more = bytes((ours[3] - 16,)) if len(ours) > 3 and ours[3] > 15 else b""
        full = len(ours) > 3 and ours[2] > ours[1] and ours[3] & 15 == 3
        return ours[0] == TIMESTAMP and full and ours[:3] + more + ours[4:] == theirs

    return len(stack) == len(kernel) and all(
        ours.octets == theirs.octets or counted(ours.octets, theirs.octets)
        for ours, theirs in zip(stack, kernel, strict=True)
    )


def _stamped_address(difference: Difference, sent: Sent) -> bool:
    if difference.what != "options" or None in difference.values or not sent.router:
        return False
    assert difference.stack is not None
    ours, theirs = (read_options(area) for area in difference.values)
    out, addresses = sent.plan.links[difference.stack.link].target, sent.plan.own
    return len(ours) == len(theirs) and all(
        a.octets == b.octets
        or (a.type == TIMESTAMP and _own_there(a.octets, b.octets, out, addresses))
        for a, b in zip(ours, theirs, strict=True)
    )


def _own_there(ours: bytes, theirs: bytes, out: str, addresses: frozenset[str]) -> bool:
    """Whether two timestamp options differ in addresses of the target's alone."""
    if len(ours) != len(theirs) or ours[:4] != theirs[:4] or ours[3] & 15 != 1:
        return False
    for place in range(4, len(ours) - 7, 8):
        one, other = ours[place : place + 8], theirs[place : place + 8]
        if one != other and (
            inet_ntoa(one[:4]) != out
            or inet_ntoa(other[:4]) not in addresses
            or one[4:] != other[4:]
        ):
            return False
    return True


def _no_room_for_another(difference: Difference, sent: Sent) -> bool:
    """There is room for the first of the kernel's two entries, and for a part of the second."""

    def partly(option: DecodedOption) -> bool:
        if option.type not in (7, TIMESTAMP) or broken(option) or option.length < 4:
            return False
        size = 8 if option.type == TIMESTAMP and option.octets[3] & 15 else 4
        return size < option.length + 1 - option.octets[2] < 2 * size

    said = stack_only(difference, "icmp", "tcp")
    return said is not None and any(map(partly, sent.options()))


CLASSES = (
    Class(
        "pointer-at-length",
        Right.STACK,
        "RFC 792, Parameter Problem Message",
        "An option whose length octet is impossible: the stack points at the length octet, the "
        "kernel at the type octet.",
        "The pointer identifies the octet where the error was detected, and the wrong octet is "
        "the length; the example of the text for the type octet is a wrong type code.",
        _type_or_length,
    ),
    Class(
        "pointer-at-pointer",
        Right.BOTH,
        "RFC 792, Parameter Problem Message; RFC 791 §3.1",
        "A record route, timestamp or source route with some room left, but not enough for an "
        "entry: the stack points at the length octet, the kernel at the pointer octet.",
        "Either of the two octets can be the one that is wrong.",
        _pointer_or_length,
    ),
    Class(
        "one-of-several-faults",
        Right.BOTH,
        "RFC 792, Parameter Problem Message",
        "Options with more than one fault: each side reports the one that it finds first.",
        "The message has room for one pointer, and no text says for which.",
        _one_of_several,
    ),
    Class(
        "repeated-option",
        Right.BOTH,
        "RFC 791 §3.1",
        "An option that may appear at most once appears again, of a kind that the kernel does "
        "not look into (security, stream identifier, router alert): the stack reports the second "
        "one, the kernel goes on.",
        "The text says that such options appear at most once and not what a receiver does; RFC "
        "1122 §3.2.1.8 has a host ignore options that it does not understand.",
        _stack_reports(_again),
    ),
    Class(
        "timestamp-flag",
        Right.BOTH,
        "RFC 791 §3.1, Internet Timestamp",
        "A timestamp option with a flag other than 0, 1 and 3: the stack reports it, the kernel "
        "returns it untouched.",
        "No other flag has a meaning, and the text does not say what to do with one.",
        _stack_reports(_flag),
    ),
    Class(
        "router-alert-of-another-length",
        Right.BOTH,
        "RFC 2113 §2.1",
        "A router alert option of more than four octets: the stack reports the length octet, the "
        "kernel goes on.",
        "The text gives the length and not what a receiver does about another one; a Parameter "
        "Problem may be sent about any fault in the header.",
        _stack_reports(_wrong_length),
    ),
    Class(
        "slots-that-do-not-fit",
        Right.BOTH,
        "RFC 791 §3.1, RFC 792",
        "A record route or source route whose length is not three and a multiple of four, or "
        "whose pointer does not stand at a slot: the stack reports it, the kernel works with the "
        "slots that it finds.",
        "Some room but not enough for an address is an error of the datagram by the text, when "
        "it comes to that slot; it does not say whether earlier.",
        _stack_reports(_slots),
    ),
    Class(
        "record-route-entered-twice",
        Right.BOTH,
        "RFC 1122 §3.2.2.6",
        "An echo or timestamp reply with a record route: the stack enters its address once, the "
        "kernel once on receipt and once more on sending.",
        "The option should be updated to include the current host, so that the round trip is "
        "recorded; one entry does that, and the second one is in nobody's way.",
        _recorded_twice,
    ),
    Class(
        "no-room-for-a-second-entry",
        Right.STACK,
        "RFC 1122 §3.2.2.6, §3.2.2",
        "A record route or timestamp with room for one entry and a part of another: the stack "
        "makes one and sends its reply, error or reset, the kernel finds no room for its second "
        "entry and sends none.",
        "An echo server function is a MUST, and one entry fits. (ip_options_echo() returns an "
        "error where the slots do not fit.)",
        _no_room_for_another,
    ),
    Class(
        "no-operation-kept",
        Right.BOTH,
        "RFC 791 §3.1, No Operation",
        "The options of a reply: the stack keeps them in the order of the request, with the "
        "no-operations between them; the kernel leaves these out, puts a source route last and "
        "fills up at the end.",
        "No-operation may be used between options, for alignment; nothing says that a reply has "
        "to have it where the request had it.",
        _padding,
    ),
    Class(
        "timestamp-overflow-flag-3",
        Right.BOTH,
        "RFC 791 §3.1, Internet Timestamp",
        "A timestamp option with prespecified addresses that is full: the stack counts an "
        "overflow, the kernel does not.",
        "The overflow is the number of modules that cannot register timestamps due to lack of "
        "space; the text does not say whether one that nobody asked for is one of them.",
        _overflow,
    ),
    Class(
        "timestamp-outgoing-address",
        Right.STACK,
        "RFC 1812 §4.2.2.2",
        "A router enters its address beside a time: the stack that of the interface by which the "
        "datagram leaves, the kernel that of the one by which it came.",
        "The address is that of the interface the datagram leaves by. (ip_forward_options() "
        "enters it only where a source route was followed too.)",
        _stamped_address,
    ),
)
