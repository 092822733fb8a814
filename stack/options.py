"""What is done with the options of a datagram (RFC 791 §3.1, RFC 1122 §3.2.1.8, RFC 1812 §5.3.13).

One pass reads an option area and builds a new one. It stops at the first problem and names the
octet at fault, counted from 0 at the first octet of the IP header. Options that nobody here knows
are kept or left out (RFC 1122 §3.2.1.8: silently ignored; RFC 1812 §5.3.13.1: passed through). The
tests come in the order of section 4 of the behaviour specification.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from struct import Struct
from typing import Final

from stack.choices import RepeatRule, SourceRouting
from stack.option_walk import END_OF_LIST, NO_OPERATION, walk
from stack.policy import Policy
from stack.source_route import LOOSE, ROUTE_TYPES, STRICT, SourceRoute, take_hop

RECORD_ROUTE: Final = 7
TIMESTAMP: Final = 68
SECURITY: Final = 130
EXTENDED_SECURITY: Final = 133
STREAM_IDENTIFIER: Final = 136
ROUTER_ALERT: Final = 148

COPIED: Final = 0x80
"""RFC 791 §3.1: the flag in a type octet that sends the option into every fragment."""

MAXIMUM_AREA: Final = 40

ROUTER_ALERT_OPTION: Final = bytes((ROUTER_ALERT, 4, 0, 0))
"""RFC 2113 §2.1: routers shall examine the packet."""

TIMES_ONLY: Final = 0
TIMES_AND_ADDRESSES: Final = 1
TIMES_OF_LISTED: Final = 3

_FLAGS: Final = (TIMES_ONLY, TIMES_AND_ADDRESSES, TIMES_OF_LISTED)
_HEADER: Final = 20
_RECORDING: Final = (RECORD_ROUTE, TIMESTAMP)
_WORD: Final = Struct("!I")
OPTION_NAMES: Final = {
    END_OF_LIST: "end-of-list",
    NO_OPERATION: "no-operation",
    RECORD_ROUTE: "record route",
    TIMESTAMP: "timestamp",
    SECURITY: "basic security",
    LOOSE: "loose source route",
    EXTENDED_SECURITY: "extended security",
    STREAM_IDENTIFIER: "stream identifier",
    STRICT: "strict source route",
    ROUTER_ALERT: "router alert",
}
"""The options that RFC 791, 1108 and 2113 define (S12.1)."""

_DEFINED: Final = frozenset(OPTION_NAMES) - {END_OF_LIST, NO_OPERATION}
# RFC 1108 §3: extended security, unlike all others, may appear several times.
_ONCE: Final = _DEFINED - {EXTENDED_SECURITY}
_MINIMUM_LENGTH: Final = {TIMESTAMP: 4, RECORD_ROUTE: 3, LOOSE: 3, STRICT: 3}


class Use(Enum):
    """What a pass is for (S4.2)."""

    VERIFY = "each fragment before reassembly: rules applied, nothing written"
    RECEIVE = "local delivery: our entries are written"
    FORWARD = "in transit: our entries are written"
    ECHO = "an echo request, for the reply: our entries are written, other types left out"
    ORIGINATE = "one's own datagram: the timestamp is written"


_VERIFY: Final = Use.VERIFY
_ECHO: Final = Use.ECHO
_ORIGINATE: Final = Use.ORIGINATE
_KNOWN_ONCE: Final = RepeatRule.KNOWN
_NO_ROUTES: Final = SourceRouting.NONE


@dataclass(slots=True)
class OptionCounts:
    """How many options of each kind passed the tests of S4.8 to S4.10."""

    timestamp: int = 0
    record_route: int = 0
    router_alert: int = 0
    unknown: int = 0


@dataclass(slots=True)
class OptionProblem:
    """Why the datagram is discarded."""

    pointer: int | None
    """The octet at fault for Parameter Problem; None when no ICMP error is wanted (S4.27)."""
    counts: OptionCounts
    """Options counted up to there."""


@dataclass(slots=True)
class OptionResult:
    """What came of a pass without a problem."""

    area: bytes = b""
    """The new area. As long as the old one, filled with zeros; in ECHO only what the options need,
    filled to a multiple of four."""
    types: list[int] = field(default_factory=list)
    """Types seen, in order, end-of-list and no-operation left out."""
    router_alert: bool = False
    source_route: SourceRoute | None = None
    """The source route as received; None when there is none or the policy knows none."""
    counts: OptionCounts = field(default_factory=OptionCounts)


def process(
    area: bytes,
    *,
    use: Use,
    policy: Policy,
    own_addresses: Callable[[int], bool],
    stamp_address: int | None,
    time_ms: int,
    take_source_route_hop: bool = False,
) -> OptionResult | OptionProblem:
    """Run the options of one datagram.

    `own_addresses` tells whether an address is one of the stack's. `stamp_address` is what is
    written into entries, None when there is no such address. `time_ms` is the time of day in
    milliseconds since midnight UT. With `take_source_route_hop` a source route that is not complete
    moves on by a hop, recording `stamp_address`: for FORWARD, when the destination was ours.
    """
    if stamp_address is None and not policy.stamp_without_address:
        # S4.13: the whole pass fails, without ICMP, whatever the options are.
        return OptionProblem(None, OptionCounts())
    run = _Pass(area, use, policy, own_addresses, stamp_address, time_ms, take_source_route_hop)
    result = run.run()
    if isinstance(result, int):
        return OptionProblem(_HEADER + result, run.counts)
    return result


def originate(
    area: bytes,
    *,
    policy: Policy,
    own_addresses: Callable[[int], bool],
    stamp_address: int | None,
    time_ms: int,
) -> bytes:
    """The area that one's own datagram leaves with: a sound timestamp option is written into.

    RFC 1122 §3.2.1.8 e: the originating host MUST record a timestamp where addresses are not given
    beforehand or the first one given is its own. All else goes as it is (S12.6, S12.9).
    """
    at = next((at for at, option in walk(area) if option and option[0] == TIMESTAMP), None)
    if at is None or (stamp_address is None and not policy.stamp_without_address):
        return pad(area)
    run = _Pass(area, _ORIGINATE, policy, own_addresses, stamp_address, time_ms, take_hop=False)
    return pad(run.one_timestamp(at))


def pad(octets: bytes) -> bytes:
    """Filled with zeros to a multiple of four (RFC 791 §3.1)."""
    return octets + bytes(-len(octets) & 3) if len(octets) & 3 else octets


class _Pass:
    """One run over an option area. Methods return where the fault is, or None."""

    __slots__ = (
        "_address", "_alert", "_area", "_own", "_policy", "_route", "_take_hop", "_time", "_use",
        "counts", "types",
    )  # fmt: skip

    def __init__(
        self,
        area: bytes,
        use: Use,
        policy: Policy,
        own: Callable[[int], bool],
        address: int | None,
        time_ms: int,
        take_hop: bool,
    ) -> None:
        self._area = area
        self._use = use
        self._policy = policy
        self._own = own
        self._address = address
        self._time = time_ms
        self._take_hop = take_hop
        self._alert = False
        self._route: SourceRoute | None = None
        self.counts = OptionCounts()
        self.types: list[int] = []

    def run(self) -> int | OptionResult:
        """Go through the area; the octet at fault is counted from the start of the area."""
        area, use, types = self._area, self._use, self.types
        end = len(area)
        out = bytearray()
        at = 0
        while at < end:
            kind = area[at]
            if kind == END_OF_LIST:
                # RFC 791 §3.1: what follows is padding.
                out.append(kind)
                break
            if kind == NO_OPERATION:
                out.append(kind)
                at += 1
                continue
            behind = at + area[at + 1] if at + 1 < end else 0
            fault = self._shape(kind, at, behind)
            if fault is not None:
                return fault
            option = bytearray(area[at:behind])
            types.append(kind)
            fault = self._content(kind, at, option)
            if fault is not None:
                return at + fault
            if use is not _ECHO or kind in _RECORDING or self._is_returned(kind):
                out += option
            at = behind
        if use is not _ECHO:
            out += bytes(end - len(out))
        return OptionResult(pad(bytes(out)), types, self._alert, self._route, self.counts)

    def one_timestamp(self, at: int) -> bytes:
        """Write into the one timestamp option that begins there, if it is sound."""
        area = self._area
        behind = at + area[at + 1]
        option = bytearray(area[at:behind])
        if self._shape(TIMESTAMP, at, behind) is not None or self._timestamp(option) is not None:
            return area
        return area[:at] + option + area[behind:]

    def _shape(self, kind: int, at: int, behind: int) -> int | None:
        """S4.8 to S4.10: the tests before an option is counted; `behind` is where it ends."""
        length = behind - at
        if length < 2 or behind > len(self._area):
            # RFC 792: the pointer names the octet at fault. A length octet that is not there has
            # no place in the header, so then it is the type octet.
            there = at + 1 < len(self._area)
            return at + 1 if there and self._policy.length_fault_at_length else at
        if length < 4 and length < _MINIMUM_LENGTH.get(kind, 2) and self._knows(kind):
            return at + 1
        if kind == ROUTER_ALERT and length != 4:
            return at + 1
        return at if self.types and self._is_repeated(kind) else None

    def _is_repeated(self, kind: int) -> bool:
        """Whether an option is there a second time that must not be (S14.4)."""
        types = self.types
        if self._policy.repeated_options is not _KNOWN_ONCE:
            return kind in types
        # RFC 791 §3.1: defined options appear at most once; RFC 1812 §5.2.4.1: so do source routes
        # of either kind, and the pointer names the second one.
        if kind in ROUTE_TYPES:
            return LOOSE in types or STRICT in types
        return kind in types and kind in _ONCE

    def _knows(self, kind: int) -> bool:
        return kind not in ROUTE_TYPES or self._policy.source_route is not _NO_ROUTES

    def _is_returned(self, kind: int) -> bool:
        """Whether an option that nothing is recorded in goes into the area of a reply."""
        # RFC 1122 §3.2.2.6: record route, timestamp and the reversed source route, which the caller
        # makes. S4.4: NETSTACK has router alert instead.
        return kind == ROUTER_ALERT and not self._policy.echo_known_options_only

    def _content(self, kind: int, at: int, option: bytearray) -> int | None:
        """Count the option, judge what it holds and write our entry."""
        counts = self.counts
        if kind == TIMESTAMP:
            counts.timestamp += 1
            return self._timestamp(option)
        if kind == RECORD_ROUTE:
            counts.record_route += 1
            return self._record_route(option)
        if kind == ROUTER_ALERT:
            counts.router_alert += 1
            return self._router_alert(option)
        if kind in ROUTE_TYPES and self._knows(kind):
            return self._source_route(kind, at, option)
        counts.unknown += 1
        return None

    def _timestamp(self, option: bytearray) -> int | None:
        length, pointer, flag = option[1], option[2], option[3] & 15
        if flag not in _FLAGS:
            return 3
        size = 4 if flag == TIMES_ONLY else 8
        # RFC 791 §3.1: the smallest legal pointer is 5.
        if pointer < 5:
            return 2
        if pointer > length:
            return self._overflow(option, flag)
        # RFC 791 §3.1: some room but not enough is an error.
        if pointer - 5 + size > length - 4:
            return self._slot_fault((length - 4) % size)
        if self._use is not _VERIFY:
            self._stamp(option, flag, pointer - 1)
        return None

    def _overflow(self, option: bytearray, flag: int) -> int | None:
        """A full area: the overflow count goes up, and must not itself overflow (RFC 791 §3.1)."""
        if flag == TIMES_OF_LISTED and not self._policy.timestamp_flag3_overflows:
            return None
        if self._use is _ORIGINATE:
            return None
        if option[3] >> 4 == 15:
            return 3
        if self._use is not _VERIFY:
            option[3] += 16
        return None

    def _stamp(self, option: bytearray, flag: int, place: int) -> None:
        """Write the time, and our address where one goes before it."""
        if flag == TIMES_ONLY:
            _WORD.pack_into(option, place, self._time)
            option[2] += 4
            return
        if flag == TIMES_AND_ADDRESSES:
            if self._address is None:
                return
            _WORD.pack_into(option, place, self._address)
        elif not self._is_ours(int.from_bytes(option[place : place + 4], "big")):
            return
        _WORD.pack_into(option, place + 4, self._time)
        option[2] += 8

    def _is_ours(self, address: int) -> bool:
        """RFC 1812 §5.3.13.6: any of the router's addresses; S4.18: the stamping one alone."""
        if self._policy.timestamp_matches_any_address:
            return self._own(address)
        return address == self._address

    def _record_route(self, option: bytearray) -> int | None:
        length, pointer = option[1], option[2]
        if length < 7 and not self._policy.slotless_route_is_full:
            return 1
        # RFC 791 §3.1: the smallest legal pointer is 4.
        if pointer < 4:
            return 2
        # RFC 791 §3.1: a full route is no error.
        if pointer > length:
            return None
        if pointer + 3 > length:
            return self._slot_fault((length - 3) % 4)
        if self._use is _VERIFY or self._address is None:
            return None
        _WORD.pack_into(option, pointer - 1, self._address)
        option[2] = pointer + 4
        return None

    def _router_alert(self, option: bytearray) -> int | None:
        self._alert = True
        # RFC 2113 §2.2: hosts shall ignore the option, whatever its value.
        if self._policy.router_alert_any_value or option[2:4] == b"\0\0":
            return None
        return 2

    def _source_route(self, kind: int, at: int, option: bytearray) -> int | None:
        length, pointer = option[1], option[2]
        # RFC 791 §3.1: the smallest legal pointer is 4.
        if pointer < 4:
            return 2
        route = SourceRoute(kind, at, length, pointer, bytes(option))
        if not route.is_complete:
            if pointer + 3 > length:
                return self._slot_fault((length - 3) % 4)
            if self._take_hop and self._address is not None:
                option[:] = take_hop(route, self._address)
        self._route = route
        return None

    def _slot_fault(self, surplus: int) -> int:
        """S14.6: the length octet is at fault when the area is no whole number of slots."""
        return 1 if surplus and self._policy.slot_fault_at_length else 2
