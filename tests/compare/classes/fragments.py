"""Differences about fragments: putting them together, passing them on, cutting."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from harness.decode import Frame
from tests.compare.classes.model import Class, Right, kernel_only, stack_only
from tests.compare.difference import Difference
from tests.compare.normalise import Seen
from tests.compare.stimulus import COPIED, Sent, beyond, options

_CUT = ("options", "payload", "stack only", "kernel only", "mf")
"""What differs where a datagram is cut in other places."""
_ANSWERS = ("icmp 0/", "icmp 14/", "icmp 3/2", "icmp 3/3", "tcp", "fragment")
"""What only a whole datagram leads to."""


def _span(frame: Frame) -> tuple[int, int]:
    fields = frame.parts["ip"].fields
    start: int = fields["offset"]
    return start, start + len(fields["payload"])


def _pieces(sent: Sent) -> list[tuple[int, int]]:
    return [_span(frame) for _, frame in sent.frames if frame.is_fragment]


def _overlaps(sent: Sent) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return [
        (one, other)
        for one, other in combinations(_pieces(sent), 2)
        if one[0] < other[1] and other[0] < one[1]
    ]


def _contained(difference: Difference, sent: Sent) -> bool:
    """Something inside has other octets than what it is inside of."""

    def other(one: Frame, other: Frame) -> bool:
        (start, end), (first, last) = _span(one), _span(other)
        inside = start <= first and last <= end and first < last
        data: bytes = one.get("ip", "payload")
        return inside and data[first - start : last - start] != other.get("ip", "payload")

    pieces = [frame for _, frame in sent.frames if frame.is_fragment]
    return kernel_only(difference, *_ANSWERS) is not None and any(
        other(one, later) for one, later in combinations(pieces, 2)
    )


def _overlap_given_up(difference: Difference, sent: Sent) -> bool:
    return stack_only(difference, *_ANSWERS) is not None and any(
        not (one[0] <= other[0] and other[1] <= one[1]) for one, other in _overlaps(sent)
    )


def _needed(sent: Sent, refused: Callable[[Frame], bool]) -> bool:
    """Whether some pieces are refused and the rest is no whole datagram."""
    pieces = [frame for _, frame in sent.frames if frame.is_fragment]
    left = [frame for frame in pieces if not refused(frame)]
    covered = 0
    for start, end in sorted(map(_span, left)):
        covered = max(covered, end) if start <= covered else covered
    ends = {_span(frame)[1] for frame in left if not frame.get("ip", "mf")}
    return len(left) < len(pieces) and covered not in ends


def _odd(difference: Difference, sent: Sent) -> bool:
    def odd(frame: Frame) -> bool:
        return bool(frame.get("ip", "mf")) and len(frame.get("ip", "payload")) % 8 != 0

    return kernel_only(difference, *_ANSWERS) is not None and _needed(sent, odd)


def _empty(difference: Difference, sent: Sent) -> bool:
    def empty(frame: Frame) -> bool:
        return frame.is_fragment and not frame.get("ip", "payload")

    told = kernel_only(difference, "icmp 12/")
    if told is not None:
        quote = told.fields["quote"]
        return sent.any(lambda frame: empty(frame) and quote[4:8] == frame.datagram[4:8])
    return stack_only(difference, *_ANSWERS) is not None and sent.any(empty)


def _ecn(difference: Difference, sent: Sent) -> bool:
    tos = {frame.get("ip", "tos") for _, frame in sent.frames if frame.is_fragment}
    marks = {one & 3 for one in tos}
    if 0 not in marks or len(marks) == 1:
        return False
    # Of a train that comes twice the kernel may put other pieces together.
    return stack_only(difference, *_ANSWERS) is not None or (
        difference.what == "tos" and set(difference.values) <= tos
    )


def _beyond(difference: Difference, sent: Sent) -> bool:
    passed = kernel_only(difference, "passed on")
    if passed is None or not sent.router:
        return False
    payload = passed.fields["payload"]
    return sent.any(lambda frame: beyond(frame) and payload in frame.get("ip", "payload"))


def _reserved(difference: Difference, sent: Sent) -> bool:
    return (
        difference.what == "reserved"
        and difference.values == (1, 0)
        and difference.stack is not None
        and bool(difference.stack.fields["mf"] or difference.stack.fields["offset"])
        and sent.any(lambda frame: bool(frame.get("ip", "reserved")))
    )


def _uncopied(difference: Difference, sent: Sent) -> bool:
    seen = difference.stack or difference.kernel
    assert seen is not None
    if difference.what not in _CUT:
        return False
    if seen.kind == "fragment":
        # Of a reply that does not fit the link. What is in the stack's pieces is looked at one by
        # one.
        return sent.any(_leaves_out) and any(map(_blank, sent.kernel))
    if not sent.router or seen.kind != "passed on":
        return False
    return bool(seen.fields["offset"] or seen.fields["mf"]) and sent.any(
        lambda frame: _leaves_out(frame) and _inside(seen, frame) and _well_cut(frame, sent)
    )


def _blank(seen: Seen) -> bool:
    """Whether a later piece has an option area with nothing in it."""
    area = seen.fields.get("options", b"")
    return seen.kind == "fragment" and bool(area) and not area.strip(b"\0\1")


def _leaves_out(frame: Frame) -> bool:
    """Whether later pieces have a shorter option area than the datagram."""
    kept = sum(len(one.octets) for one in options(frame) if one.type >= COPIED)
    # The area is a whole number of words.
    return bool(kept + -kept % 4 < frame.get("ip", "ihl") * 4 - 20)


def _inside(piece: Seen, frame: Frame) -> bool:
    start, end = _span(frame)
    at: int = piece.fields["offset"]
    same = piece.fields["identification"] == frame.get("ip", "identification")
    return same and start <= at and at + len(piece.fields["payload"]) <= end


def _well_cut(frame: Frame, sent: Sent) -> bool:
    """Whether the stack's pieces follow each other, all but the last full, and leave out nothing.

    What is in each of them is looked at one by one (`sound`).
    """
    pieces = [one for one in sent.stack if one.kind == "passed on" and _inside(one, frame)]
    wanted, end = _span(frame)
    for one in sorted(pieces, key=lambda one: one.fields["offset"]):
        header = 20 + len(one.fields.get("options", b""))
        size, room = len(one.fields["payload"]), sent.plan.links[one.link].mtu - header & ~7
        if one.fields["offset"] != wanted or (wanted + size < end and size != room):
            return False
        wanted += size
    return wanted == end


CLASSES = (
    Class(
        "overlap-inside",
        Right.BOTH,
        "RFC 791 §3.2, RFC 815 §3",
        "A fragment that lies inside an earlier one and brings other octets: the kernel keeps "
        "what it has and answers with that, the stack gives the datagram up.",
        "RFC 791's example lets the later octets win, RFC 815 keeps the earlier ones, RFC 1858 "
        "and RFC 5722 argue for giving up; none is a requirement for IPv4.",
        _contained,
    ),
    Class(
        "overlap-of-equal-octets",
        Right.STACK,
        "RFC 791 §3.2, RFC 815 §3",
        "Fragments overlap, none inside an earlier one, with equal octets: the stack puts the "
        "datagram together, the kernel gives it up.",
        "Both texts describe procedures that take such fragments in. The kernel follows RFC "
        "5722 §4, which is about IPv6, as a defence since 4.19.",
        _overlap_given_up,
    ),
    Class(
        "fragment-of-odd-length",
        Right.BOTH,
        "RFC 791 §3.2",
        "A fragment with MF whose data is no multiple of eight octets: the kernel cuts it to "
        "one, the stack refuses it.",
        "Fragments are cut at multiples of eight; what to do with others is not said.",
        _odd,
    ),
    Class(
        "fragment-without-data",
        Right.BOTH,
        "RFC 791 §3.2",
        "A fragment without data: the stack refuses it alone, before anything else of it is "
        "looked at; the kernel reports a fault in its options or gives the datagram up.",
        "Nobody cuts so, and what to do with it is not said.",
        _empty,
    ),
    Class(
        "ecn-of-fragments",
        Right.BOTH,
        "RFC 3168 §5.3",
        "Fragments of one datagram, some Not-ECT and some ECT: the kernel drops the datagram, "
        "the stack puts it together.",
        "What has to be dropped or marked are combinations with CE; the text places no "
        "requirement on those with Not-ECT and ECT alone.",
        _ecn,
    ),
    Class(
        "fragment-beyond-65535",
        Right.STACK,
        "RFC 791 §3.1, §3.2",
        "A router gets a fragment that ends beyond 65,535 octets: the kernel forwards it, cut "
        "into pieces whose offset begins again at zero if need be; the stack drops it.",
        "No datagram has octets there, and an offset has 13 bits.",
        _beyond,
    ),
    Class(
        "reserved-flag-in-pieces",
        Right.STACK,
        "RFC 1812 §5.2.5",
        "A router cuts a datagram with the reserved flag set: the stack copies the flag, the "
        "kernel leaves it out.",
        "A router has to keep it, and the kernel does where it does not cut. (ip_frag_next() "
        "builds the flags anew.)",
        _reserved,
    ),
    Class(
        "uncopied-options-blanked",
        Right.BOTH,
        "RFC 791 §3.1, §3.2",
        "A datagram or reply with options that are not copied, or with octets behind an end of "
        "list, is cut: in later pieces the stack leaves them out, the kernel writes no-operations "
        "and zeros over them, and so cuts elsewhere.",
        "The options appear in the first piece only either way; how long the other headers are "
        "is not said.",
        _uncopied,
    ),
)
