"""Faults of fragments: cutting, putting together, giving up, and Identification.

RFC 791 §3.2, RFC 815, RFC 1122 §3.3.2 and §3.3.3, RFC 3168 §5.3, RFC 6864.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stack import policy, reassembly
from stack.policy import OverlapRule
from stack.reassembly import Refusal, Refused
from stack.wire.ipv4 import FLAG_DF
from tests.faults.framework import Fault, complaint, outcome, replaced, wrapped
from tests.faults.wires import more_of, offset_of, received, sent

SECOND = 1_000_000


def _chosen(**choices: Any) -> Any:
    """The stack with other choices than the RFCs'."""
    return replaced("stack.policy.RFC", replace(policy.RFC, **choices))


def _add(around: Any) -> Any:
    """Fragments are taken otherwise: `around(original, store, packet, now, context)`."""
    return wrapped("stack.reassembly.ReassemblyStore.add", around)


def _key(header: Any) -> tuple[int, int, int, int]:
    return (header.source, header.destination, header.identification, header.protocol)


def _in_order_only(original: Any, store: Any, packet: Any, now: int, context: Any) -> Any:
    train = store._trains.get(_key(packet.header))
    there = 0 if train is None else train.extent
    if packet.header.fragment_offset * 8 > there:
        return Refused(Refusal.OVERLAP, train_lost=False)
    return original(store, packet, now, context)


def _never(original: Any, store: Any, packet: Any, now: int, context: Any) -> Any:
    return Refused(Refusal.EMPTY, train_lost=False)


def _identification_zero_refused(
    original: Any, store: Any, packet: Any, now: int, context: Any
) -> Any:
    if packet.header.identification == 0:
        return Refused(Refusal.EMPTY, train_lost=False)
    return original(store, packet, now, context)


def _df_refused(original: Any, store: Any, packet: Any, now: int, context: Any) -> Any:
    if packet.header.flags & FLAG_DF:
        return Refused(Refusal.EMPTY, train_lost=False)
    return original(store, packet, now, context)


def _only_576(original: Any, store: Any, packet: Any, now: int, context: Any) -> Any:
    if packet.header.fragment_offset * 8 + len(packet.payload) > 556:
        return Refused(Refusal.TOO_LONG, train_lost=False)
    return original(store, packet, now, context)


def _timed_by_ttl(original: Any, store: Any, packet: Any, now: int, context: Any) -> Any:
    store.policy = replace(store.policy, reassembly_timeout=packet.header.ttl * SECOND)
    return original(store, packet, now, context)


def _duplicates_refused(original: Any, train: Any, start: int, octets: bytes, *rest: Any) -> Any:
    return Refusal.OVERLAP if start in train.starts else original(train, start, octets, *rest)


def _header_of_the_last(original: Any, store: Any, train: Any, first: Any) -> Any:
    last = getattr(store, "last_header", first.header)
    seen = reassembly.Ipv4Packet(
        replace(first.header, tos=last.tos, ttl=last.ttl, options=last.options),
        first.payload,
        first.octets,
    )
    return original(store, train, seen)


def _remembering_the_last(original: Any, store: Any, packet: Any, now: int, context: Any) -> Any:
    _LAST[id(store)] = packet.header
    return original(store, packet, now, context)


_LAST: dict[int, Any] = {}


def _no_report(original: Any, core: Any, inbound: Any, kind: int, code: int, **more: Any) -> None:
    if (kind, code) != (11, 1):
        original(core, inbound, kind, code, **more)


def _first_to_arrive(original: Any, store: Any, now: int) -> Any:
    return [replace(one, first=one.first or one.context.header) for one in original(store, now)]


def _later_reported(original: Any, core: Any, inbound: Any) -> bool:
    inbound.header.fragment_offset = 0
    return bool(original(core, inbound))


def _always_the_first(packet: bytes) -> bytes:
    """MF of whole messages is not seen."""
    return packet[:6] + bytes((packet[6] & 0xDF,)) + packet[7:] if not offset_of(packet) else packet


def _last_is_whole(packet: bytes) -> bytes:
    if offset_of(packet) and not more_of(packet):
        return packet[:6] + bytes((packet[6] & 0xE0, 0)) + packet[8:]
    return packet


def _identification_ignored(packet: bytes) -> bytes:
    if offset_of(packet) or more_of(packet):
        return packet[:4] + b"\x12\x34" + packet[6:]
    return packet


def _pieces(change: Any) -> Any:
    """The pieces of what is cut are changed: `change(number, count, piece)`."""
    return wrapped(
        "stack.send.fragment",
        lambda original, *arguments: [
            change(number, 0, piece) for number, piece in enumerate(original(*arguments))
        ],
    )


def _mf_in_the_last(packet: bytes) -> bytes:
    if offset_of(packet) and not more_of(packet):
        return packet[:6] + bytes((packet[6] | 0x20,)) + packet[7:]
    return packet


def _no_mf_in_the_middle(packet: bytes) -> bytes:
    if offset_of(packet) and more_of(packet):
        return packet[:6] + bytes((packet[6] & 0xDF,)) + packet[7:]
    return packet


def _offset_short(packet: bytes) -> bytes:
    word = int.from_bytes(packet[6:8], "big")
    return packet[:6] + (word - 1).to_bytes(2, "big") + packet[8:] if offset_of(packet) else packet


def _identification_grows(packet: bytes) -> bytes:
    number = int.from_bytes(packet[4:6], "big") + offset_of(packet) & 0xFFFF
    return packet[:4] + number.to_bytes(2, "big") + packet[6:]


def _tos_lost(packet: bytes) -> bytes:
    return packet[:1] + b"\0" + packet[2:] if offset_of(packet) else packet


def _ttl_lowered(packet: bytes) -> bytes:
    return packet[:8] + bytes((packet[8] - 1,)) + packet[9:] if offset_of(packet) else packet


def _sixteen_more(original: Any, header: Any, payload: bytes, mtu: int, chosen: Any) -> Any:
    return original(header, payload, mtu + 16, chosen)


def _one_value(original: Any, source: Any, *rest: Any) -> int:
    return 0x1234


def _every_other(original: Any, source: Any, *rest: Any) -> Any:
    value = original(source, *rest)
    return None if value is None else value & 0xFFFE


def _seen_before(original: Any, core: Any, inbound: Any) -> None:
    seen = core.__dict__.setdefault("seen_identifications", set()) if False else _SEEN
    header = inbound.header
    key = (id(core), *_key(header))
    if header.is_fragment:
        original(core, inbound)
    elif key not in seen:
        seen.add(key)
        original(core, inbound)


_SEEN: set[Any] = set()


def _whole_ends_train(original: Any, core: Any, inbound: Any) -> None:
    key = _key(inbound.header)
    if not inbound.header.is_fragment and key in core.reassembly._trains:
        core.reassembly._forget(key)
    original(core, inbound)


def _ce_forgotten(original: Any, store: Any, train: Any, first: Any) -> Any:
    train.ecn = 0
    return original(store, train, first)


def _ce_whatever(original: Any, store: Any, train: Any, first: Any) -> Any:
    train.ecn &= ~1
    return original(store, train, first)


def _any_ect(original: Any, store: Any, train: Any, first: Any) -> Any:
    made = original(store, train, first)
    if isinstance(made, reassembly.Complete):
        made.packet.header.tos &= ~1
    return made


FAULTS = (
    Fault("nothing is put together", set(), _add(_never)),
    Fault("fragments are taken in order only", set(), _add(_in_order_only)),
    Fault("Identification is not looked at", set(), wrap=received(_identification_ignored)),
    Fault("fragments with Identification 0 are refused", set(), _add(_identification_zero_refused)),
    Fault("fragments with DF are refused", set(), _add(_df_refused)),
    Fault("576 octets are the most", set(), _add(_only_576)),
    Fault(
        "a duplicate ends the train",
        set(),
        wrapped("stack.reassembly._place_equal", _duplicates_refused),
    ),
    Fault("overlaps are refused", set(), _chosen(overlap=OverlapRule.SAME_RANGE_IGNORED)),
    Fault("the header is not counted in 65,535", set(), _chosen(limit_with_header=False)),
    Fault("MF of the first fragment is not seen", set(), wrap=received(_always_the_first)),
    Fault("a last fragment counts as whole", set(), wrap=received(_last_is_whole)),
    Fault("trains live for five seconds", set(), _chosen(reassembly_timeout=5 * SECOND)),
    Fault("trains live for four minutes", set(), _chosen(reassembly_timeout=240 * SECOND)),
    Fault("trains live as long as their TTL", set(), _add(_timed_by_ttl)),
    Fault(
        "nobody is told of a train given up", set(), wrapped("stack.icmp_errors.report", _no_report)
    ),
    Fault(
        "later fragments are complained about",
        set(),
        wrapped("stack.icmp_errors.may_report", _later_reported),
    ),
    Fault("CE is lost", set(), wrapped("stack.reassembly.ReassemblyStore._finish", _ce_forgotten)),
    Fault(
        "CE is kept with Not-ECT",
        set(),
        wrapped("stack.reassembly.ReassemblyStore._finish", _ce_whatever),
    ),
    Fault(
        "pieces are too large for the link", set(), wrapped("stack.send.fragment", _sixteen_more)
    ),
    Fault("MF is set in the last piece", set(), wrap=sent(_mf_in_the_last)),
    Fault("MF is clear in the middle", set(), wrap=sent(_no_mf_in_the_middle)),
    Fault("offsets are eight octets short", set(), wrap=sent(_offset_short)),
    Fault("each piece has its own Identification", set(), wrap=sent(_identification_grows)),
    Fault("later pieces lose their TOS", set(), wrap=sent(_tos_lost)),
    Fault("later pieces lose a TTL", set(), wrap=sent(_ttl_lowered)),
    Fault("all options are in all pieces", set(), _chosen(copied_flag_decides=False)),
    Fault("DF is not honoured", set(), _chosen(honour_df=False)),
    Fault(
        "every Identification is the same",
        set(),
        wrapped("stack.identification.IdentificationSource.next", _one_value),
    ),
    Fault(
        "every Identification comes twice",
        set(),
        wrapped("stack.identification.IdentificationSource.next", _every_other),
    ),
    Fault(
        "an Identification seen before is a duplicate",
        set(),
        wrapped("stack.deliver.local", _seen_before),
    ),
    Fault(
        "a whole datagram ends the train of its key",
        set(),
        wrapped("stack.deliver.local", _whole_ends_train),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault.patch is not None:
        fault.patch(monkeypatch)
    assert complaint(fault, outcome(fault)) == ""
