"""Putting fragments together again (RFC 791 §3.2, RFC 815, RFC 1122 §3.3.2).

Fragments with the same source, destination, protocol and Identification are a *train*. Its clock
starts with the first of them to arrive and is never restarted: RFC 1122 §3.3.2 wants a constant,
not one that comes from TTL. The header of the offset-0 fragment is kept for the whole datagram and
for a Time Exceeded.

What happens when fragments overlap is `Policy.overlap` (`stack.overlap`). Preset RFC takes octets
that say the same and drops a train whose fragments contradict each other, so that nothing slips
past a filter (RFC 1858, RFC 3128). Memory is bounded: above the high mark whole trains are given
up, oldest first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

from stack import overlap
from stack.policy import Policy
from stack.train import Refusal, Train
from stack.wire.ipv4 import (
    FLAG_MF,
    MAXIMUM_DATAGRAM,
    MINIMUM_HEADER,
    Ipv4Header,
    Ipv4Packet,
    build_header,
    copy_header,
)

OVERHEAD: Final = 256
"""S6.17: octets that keeping one fragment is said to cost besides its own."""

_NOT_ECT: Final = 1 << 0
_CE: Final = 1 << 3

_Key = tuple[int, int, int, int]


@dataclass(slots=True)
class Complete:
    """A datagram that is whole again."""

    packet: Ipv4Packet
    """Header of the offset-0 fragment with Total Length, flags and offset put right."""
    context: object
    """What `add` was given with the offset-0 fragment."""
    first: Ipv4Packet
    """The offset-0 fragment as received."""


@dataclass(slots=True)
class Refused:
    """A fragment that was not taken."""

    reason: Refusal
    train_lost: bool
    """The whole train is dropped; else it lives on without this fragment."""


@dataclass(slots=True)
class Expired:
    """A train whose time was up."""

    first: Ipv4Packet | None
    """The offset-0 fragment as received, which Time Exceeded code 1 quotes; None: send nothing."""
    context: object
    """What `add` was given with it, or with the first to arrive."""


class ReassemblyStore:
    """All trains of the stack, whichever NIC their fragments came in on."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        """May be replaced while running; trains already begun keep their deadline."""
        self.memory = 0
        """Octets in use."""
        self.evictions = 0
        """Trains given up for want of memory so far."""
        self._trains: OrderedDict[_Key, Train] = OrderedDict()
        # Oldest first. Not a plain dict: finding its first key again and again costs a scan.
        self._deadlines: list[tuple[int, int, _Key]] = []
        self._made = 0

    def __len__(self) -> int:
        return len(self._trains)

    def add(self, packet: Ipv4Packet, now: int, context: object) -> Complete | Refused | None:
        """Take a fragment; None when it is held or was a duplicate. `now` in microseconds.

        `context` comes back with the datagram or when the time is up.
        """
        header = packet.header
        start = header.fragment_offset * 8
        refusal = self._refuse(header, start, len(packet.payload))
        if refusal is not None:
            return Refused(refusal, train_lost=False)
        key = (header.source, header.destination, header.identification, header.protocol)
        train = self._trains.get(key)
        if train is None:
            train = self._begin(key, now, context)
        before = train.memory
        conflict = self._place(train, packet, start)
        if conflict is not None:
            self.memory -= before
            del self._trains[key]
            return Refused(conflict, train_lost=True)
        self.memory += train.memory - before
        if start == 0 and train.first is None:
            train.first = packet
            train.context = context
        if train.first is not None and train.is_complete:
            self._forget(key)
            return self._finish(train, train.first)
        if train.memory > before:
            self._make_room()
        return None

    def next_deadline(self) -> int | None:
        """When the next train's time is up, in microseconds; None when there is no train."""
        heap = self._deadlines
        while heap and not self._is_alive(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def expire(self, now: int) -> list[Expired]:
        """Remove the trains whose time is up, oldest first."""
        expired: list[Expired] = []
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            key = heappop(self._deadlines)[2]
            train = self._forget(key)
            expired.append(Expired(train.first, train.context))
        return expired

    def _refuse(self, header: Ipv4Header, start: int, length: int) -> Refusal | None:
        """S2.17, S2.19, S6.5: what makes a fragment bad whatever the train is."""
        if length == 0:
            return Refusal.EMPTY
        # RFC 791 §3.1: all but the last have a multiple of eight octets.
        if header.flags & FLAG_MF and length % 8:
            return Refusal.ODD_LENGTH
        if start + length > self._longest(MINIMUM_HEADER):
            return Refusal.TOO_LONG
        return None

    def _longest(self, header_length: int) -> int:
        """Octets of the longest payload behind such a header."""
        # RFC 791 §3.1: Total Length, 65,535 at most, counts the header.
        return MAXIMUM_DATAGRAM - header_length if self.policy.limit_with_header else 65536

    def _begin(self, key: _Key, now: int, context: object) -> Train:
        train = Train(now + self.policy.reassembly_timeout, context)
        self._trains[key] = train
        self._made += 1
        heap = self._deadlines
        if len(heap) > 2 * len(self._trains) + 64:
            # Trains that were completed leave their entries behind; sweep them out now and then.
            heap[:] = [entry for entry in heap if self._is_alive(entry)]
            heapify(heap)
        heappush(heap, (train.deadline, self._made, key))
        return train

    def _is_alive(self, entry: tuple[int, int, _Key]) -> bool:
        train = self._trains.get(entry[2])
        return train is not None and train.deadline == entry[0]

    def _forget(self, key: _Key) -> Train:
        train = self._trains.pop(key)
        self.memory -= train.memory
        return train

    def _place(self, train: Train, packet: Ipv4Packet, start: int) -> Refusal | None:
        """Put a fragment where it belongs, or say why the train is lost."""
        header = packet.header
        inserted = train.inserted
        fragment = overlap.Fragment(start, packet.payload, header.flags & FLAG_MF != 0)
        cost = header.header_length + OVERHEAD
        conflict = overlap.place(train, fragment, cost, self.policy.overlap)
        if conflict is not None:
            return conflict
        if train.inserted != inserted:
            train.ecn |= 1 << (header.tos & 3)
        # The datagram's header is that of the offset-0 fragment, options and all.
        first = packet if start == 0 else train.first
        if first is not None and train.extent > self._longest(first.header.header_length):
            return Refusal.TOO_LONG
        return None

    def _finish(self, train: Train, first: Ipv4Packet) -> Complete | Refused:
        """RFC 791 §3.2: the header of the offset-0 fragment goes before all the data."""
        header = copy_header(first.header)
        if self.policy.reassembly_ecn and train.ecn & _CE:
            # RFC 3168 §5.3: an indication of congestion is not lost, nor made up for a sender
            # that knows nothing of it.
            if train.ecn & _NOT_ECT:
                return Refused(Refusal.CONGESTION, train_lost=True)
            header.tos |= 3
        payload = b"".join(train.octets)
        header.flags = 0
        header.fragment_offset = 0
        header.total_length = header.header_length + len(payload) & 0xFFFF
        head = build_header(header, len(payload))
        if self.policy.headers_as_received:
            header.checksum = head[10] << 8 | head[11]
        else:
            # S2.22: the checksum stays as it was.
            head = head[:10] + first.octets[10:12] + head[12:]
        return Complete(Ipv4Packet(header, payload, head + payload), train.context, first)

    def _make_room(self) -> None:
        """S6.16: above the high mark, whole trains go, oldest-made first, down to the low mark."""
        high = self.policy.reassembly_high_mark
        if self.memory <= high:
            return
        low = max(0, min(self.policy.reassembly_low_mark, high))
        while self.memory > low:
            self._forget(next(iter(self._trains)))
            self.evictions += 1
