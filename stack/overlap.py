"""Where a fragment goes among those already there, and who keeps the octets two of them bring.

RFC 791 §3.2 leaves the choice open, and stacks differ; RFC 1858 and RFC 3128 tell what comes of it.
`OverlapRule` names the known answers. Four refuse: `EQUAL_TOLERATED`, `CONTAINED_IGNORED` and
`SAME_RANGE_IGNORED` with an exception, `ALL_REFUSED` without. The others let one side win, octet by
octet, by comparing where the two begin and end. An earlier fragment counts with what it has left:
one that lost its head to a later one begins where the rest of it begins.

Under every rule a train is lost when two fragments disagree about where the datagram ends, and the
header is that of the offset-0 fragment to arrive first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from operator import ge, gt, le, lt
from typing import Final, NamedTuple

from stack.choices import OverlapRule
from stack.train import Refusal, Train

_Compares = Callable[[int, int], bool]


def _always(*_: int) -> bool:
    return True


def _never(*_: int) -> bool:
    return False


_LATER_WINS: Final[dict[OverlapRule, tuple[_Compares, _Compares]]] = {
    OverlapRule.FIRST: (_never, _never),
    OverlapRule.LAST: (_always, _always),
    OverlapRule.BSD: (lt, _always),
    OverlapRule.BSD_RIGHT: (ge, _always),
    OverlapRule.LINUX_OLD: (le, _always),
    OverlapRule.WINDOWS: (lt, gt),
    OverlapRule.SOLARIS: (lt, ge),
}
"""When a later fragment takes the octets it shares with an earlier piece: how it must begin
compared with the piece, and how it must end."""

_WHOLE: Final = 65536
"""S6.6: no octet lies behind this one."""


class Fragment(NamedTuple):
    """A fragment's place, its octets, and its MF."""

    start: int
    """In octets."""
    octets: bytes
    more: bool


def place(train: Train, fragment: Fragment, cost: int, rule: OverlapRule) -> Refusal | None:
    """Put a fragment where it belongs, or say why the train is lost.

    `cost` is what keeping it takes besides its octets.
    """
    if rule is OverlapRule.EQUAL_TOLERATED:
        return place_equal(train, fragment, cost)
    if rule in _LATER_WINS:
        return _place_by_winner(train, fragment, cost, rule)
    return _place_alone(train, fragment, cost, rule)


def place_equal(train: Train, fragment: Fragment, cost: int) -> Refusal | None:
    """OverlapRule.EQUAL_TOLERATED: octets that were there already must be the same."""
    start, octets, more = fragment
    end = start + len(octets)
    if _contradicts(train, end, more=more):
        return Refusal.CONFLICT
    at = start
    gaps: list[tuple[int, int]] = []
    place = train.first_touched(start)
    while place < len(train.starts) and train.starts[place] < end:
        there, piece = train.starts[place], train.octets[place]
        low, high = max(at, there), min(end, there + len(piece))
        if octets[low - start : high - start] != piece[low - there : high - there]:
            return Refusal.OVERLAP
        if low > at:
            gaps.append((at, low))
        at = high
        place += 1
    if at < end:
        gaps.append((at, end))
    for low, high in gaps:
        train.insert(low, octets[low - start : high - start], cost)
    return None


def _contradicts(train: Train, end: int, *, more: bool) -> bool:
    """Whether a fragment and earlier ones cannot all be right about the end; else take it in."""
    if more:
        return train.end is not None and end > train.end
    if train.end not in (None, end) or train.extent > end:
        return True
    train.end = end
    return False


def _place_by_winner(
    train: Train, fragment: Fragment, cost: int, rule: OverlapRule
) -> Refusal | None:
    start, octets, more = fragment
    end = start + len(octets)
    if _contradicts(train, end, more=more):
        return Refusal.CONFLICT
    begins, ends = _LATER_WINS[rule]
    at = start
    gaps: list[tuple[int, int]] = []
    place = train.first_touched(start)
    while place < len(train.starts) and train.starts[place] < end:
        there = train.starts[place]
        stop = there + len(train.octets[place])
        if begins(start, there) and ends(end, stop):
            place = train.cut_out(place, start, end)
            continue
        if there > at:
            gaps.append((at, there))
        at = stop
        place += 1
    if at < end:
        gaps.append((at, end))
    for low, high in gaps:
        train.insert(low, octets[low - start : high - start], cost)
    return None


def _place_alone(train: Train, fragment: Fragment, cost: int, rule: OverlapRule) -> Refusal | None:
    """S6.7 to S6.13: a fragment fills a hole or repeats an earlier one; octets are not compared."""
    start, octets, more = fragment
    end = start + len(octets)
    place = bisect_right(train.starts, start)
    is_last_hole = place == len(train.starts)
    if not is_last_hole and end > train.starts[place]:
        # S6.9.
        return Refusal.OVERLAP
    if place:
        there = train.starts[place - 1]
        stop = there + len(train.octets[place - 1])
        if start < stop:
            if end > stop or not _is_duplicate(rule, same=start == there and end == stop):
                return Refusal.OVERLAP
            # S6.10: a last fragment must end where the last one known ends.
            return None if more or end == train.end else Refusal.CONFLICT
    # S6.11: beyond the known end. S6.10: a last fragment belongs into the last hole.
    if train.end is not None and (not more or start >= train.end):
        return Refusal.CONFLICT
    if not more and not is_last_hole:
        return Refusal.CONFLICT
    # S6.13: with nothing behind it, even a fragment with MF is the last.
    if not more or end == _WHOLE:
        train.end = end
    train.insert(start, octets, cost)
    return None


def _is_duplicate(rule: OverlapRule, *, same: bool) -> bool:
    """S6.8: what lies within an earlier fragment and is ignored; `same`: its very range."""
    if rule is OverlapRule.CONTAINED_IGNORED:
        return True
    return same and rule is OverlapRule.SAME_RANGE_IGNORED


def outcomes(fragments: Iterable[Fragment]) -> dict[OverlapRule, bytes | None]:
    """What each known rule makes of the fragments of one datagram, in the order they arrive.

    The payload that is whole first, or None when the rule drops them or octets are missing. Thus a
    stack whose rule is not known can be told by what it delivers.
    """
    arrived = list(fragments)
    return {rule: _outcome(arrived, rule) for rule in OverlapRule}


def _outcome(fragments: list[Fragment], rule: OverlapRule) -> bytes | None:
    train = Train(0, None)
    for fragment in fragments:
        if place(train, fragment, 0, rule) is not None:
            # S6.12: what follows begins anew.
            train = Train(0, None)
        elif train.is_complete:
            return b"".join(train.octets)
    return None
