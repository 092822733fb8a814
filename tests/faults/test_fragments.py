"""Faults of fragments: cutting, putting together, giving up, and Identification.

RFC 791 §3.2, RFC 815, RFC 1122 §3.3.2 and §3.3.3, RFC 3168 §5.3, RFC 6864.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stack import policy
from stack.choices import OverlapRule
from stack.reassembly import Refused
from stack.train import Refusal
from stack.wire.ipv4 import FLAG_DF
from tests.faults.framework import Fault, judged, replaced, wrapped
from tests.faults.wires import more_of, offset_of, received, rows, sent

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


def _duplicates_refused(original: Any, train: Any, fragment: Any, cost: int) -> Any:
    return Refusal.OVERLAP if fragment.start in train.starts else original(train, fragment, cost)


def _no_report(original: Any, core: Any, inbound: Any, kind: int, code: int, **more: Any) -> None:
    if (kind, code) != (11, 1):
        original(core, inbound, kind, code, **more)


def _later_reported(original: Any, core: Any, inbound: Any) -> bool:
    inbound.header.fragment_offset = 0
    return bool(original(core, inbound))


def _identification_ignored(packet: bytes) -> bytes:
    if offset_of(packet) or more_of(packet):
        return packet[:4] + b"\x12\x34" + packet[6:]
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


def _sixteen_more(original: Any, *arguments: Any, mtu: int, **named: Any) -> Any:
    return original(*arguments, mtu=mtu + 16, **named)


def _one_value(original: Any, source: Any, *rest: Any) -> int:
    return 0x1234


def _every_other(original: Any, source: Any, *rest: Any) -> Any:
    value = original(source, *rest)
    return None if value is None else value & 0xFFFE


def _seen_before(original: Any, core: Any, inbound: Any) -> None:
    seen = core.reassembly.__dict__.setdefault("seen", set())
    header = inbound.header
    key = _key(header)
    if header.is_fragment or not header.df:
        original(core, inbound)
    elif key not in seen:
        seen.add(key)
        original(core, inbound)


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


FAULTS = (
    Fault(
        "nothing is put together",
        rows(
            """
            1122-2.3.3-g 1122-3.2.1.4-a 1122-3.2.1.7-b 1122-3.2.1.8c-f
            1122-3.3.2-a 1122-3.3.2-b 1122-3.3.2-c 1122-3.3.2-d 1122-3.3.2-f
            1122-3.3.2-i 1122-3.3.2-j 1122-3.3.7-a 1812-4.2.2.8-a 1812-4.3.3.6-a 3168-5.3-b
            6864-4-a 6864-4.1-a 6864-4.1-c 791-3.1.len-c 791-3.2.frag-a 791-3.2.reasm-a
            791-3.2.reasm-b 791-3.2.reasm-g 792-te-a 815-3-a
            """
        ),
        _add(_never),
        blinds=rows(
            """
            rfc1122-3.2.1.2-fragment-first rfc1122-3.2.1.2-fragment-last
            rfc1122-3.2.1.2-fragment-middle
            rfc1122-3.3.2-an-echo-request-without-fragment-zero-given-up-in-silence
            rfc1122-3.3.2-given-up-in-time-with-ttl-255 rfc1122-3.3.2-patience-with-ttl-1
            rfc1122-3.3.2-there-is-a-timeout
            rfc1122-3.3.2-udp-without-fragment-zero-given-up-in-silence
            rfc1122-3.3.3-mtu-set-to-296 rfc1122-3.3.3-mtu-set-to-400
            rfc1122-3.3.3-no-more-than-mms-s-uncut rfc1122-3.3.3-nothing-above-the-mtu-of-280
            rfc1122-3.3.3-nothing-above-the-mtu-of-281 rfc1122-3.3.3-nothing-above-the-mtu-of-576
            rfc3168-5.3-ce-of-the-first-fragment-kept
            rfc3168-5.3-ce-of-the-last-and-earliest-fragment-kept
            rfc3168-5.3-ce-of-the-last-fragment-kept rfc3168-5.3-ce-of-the-middle-fragment-kept
            rfc3168-5.3-ce-with-not-ect-dropped-ce-first
            rfc3168-5.3-ce-with-not-ect-dropped-ce-in-the-middle-and-late
            rfc3168-5.3-ce-with-not-ect-dropped-ce-last
            rfc6864-5.2-wrongly-joined-data-not-delivered
            rfc791-3.1-checksum-wrong-in-a-fragment-discarded
            rfc791-3.1-offsets-say-where-pieces-belong rfc791-3.1-pieces-marked-with-mf
            rfc791-3.1-pieces-share-identification
            rfc791-3.1-record-route-in-the-first-piece-of-a-reply
            rfc791-3.1-timestamp-in-the-first-piece-of-a-reply
            rfc791-3.2-header-and-data-behind-65535 rfc791-3.2-last-fragment-alone-not-delivered
            rfc791-3.2-last-octet-behind-65535 rfc791-3.2-late-fragments-begin-anew
            rfc791-3.2-other-destination-is-another-train
            rfc791-3.2-other-identification-is-another-train
            rfc791-3.2-other-protocol-is-another-train rfc791-3.2-other-source-is-another-train
            rfc791-3.2-pieces-as-large-as-fit rfc791-3.2-pieces-cut-on-8-octets
            rfc791-3.2-pieces-share-df rfc791-3.2-pieces-share-protocol
            rfc791-3.2-pieces-share-tos rfc791-3.2-pieces-share-ttl
            rfc791-3.2-whole-message-with-mf-not-delivered
            rfc791-3.2-without-the-first-fragment-not-delivered
            rfc791-3.2-without-the-last-fragment-not-delivered
            rfc791-3.2-without-the-middle-not-delivered
            rfc791-3.2-without-the-second-fragment-not-delivered rfc791-appendix.a-example-2
            """
        ),
    ),
    Fault(
        "fragments are taken in order only",
        rows(
            """
            1122-3.2.1.8c-f 1122-3.3.7-a 1812-4.2.2.8-a 4293-ipSystemStatsReasmFails 6864-4-a
            791-3.2.frag-a 791-3.2.reasm-a 791-3.2.reasm-b 791-3.2.reasm-e 791-3.2.reasm-g 815-3-a
            """
        ),
        _add(_in_order_only),
    ),
    Fault(
        "Identification is not looked at",
        rows(
            """
            1122-3.2.1.2-a 1122-3.3.2-f 1122-3.3.2-j 1191-4-a 1812-4.2.2.5-a 1812-5.3.1-a
            791-3.1.cksum-b 791-3.2.frag-a 792-te-a
            """
        ),
        wrap=received(_identification_ignored),
    ),
    Fault(
        "fragments with Identification 0 are refused",
        {"6864-4-a"},
        _add(_identification_zero_refused),
    ),
    Fault("fragments with DF are refused", {"6864-4-a"}, _add(_df_refused)),
    Fault(
        "576 octets are the most",
        rows(
            """
            1122-2.3.3-g 1122-3.3.2-c 1122-3.3.2-d 1812-4.2.2.8-a
            1812-4.3.3.6-a 791-3.1.flags-c 791-3.1.fo-a 791-3.1.id-a 791-3.2.frag-c 791-3.2.frag-g
            """
        ),
        _add(_only_576),
        blinds={"rfc791-3.2-header-and-data-behind-65535", "rfc791-3.2-last-octet-behind-65535"},
    ),
    Fault(
        "a duplicate ends the train",
        {"791-3.2.reasm-g"},
        wrapped("stack.overlap.place_equal", _duplicates_refused),
    ),
    Fault("overlaps are refused", {"815-3-a"}, _chosen(overlap=OverlapRule.SAME_RANGE_IGNORED)),
    Fault(
        "the header is not counted in 65,535", {"791-3.2.reasm-h"}, _chosen(limit_with_header=False)
    ),
    Fault("trains live for five seconds", {"1122-3.3.2-i"}, _chosen(reassembly_timeout=5 * SECOND)),
    Fault(
        "trains live for four minutes",
        rows(
            """
            1122-3.3.2-f 1122-3.3.2-g 1122-3.3.2-h 1122-3.3.2-j 791-3.2.reasm-e 792-te-a
            """
        ),
        _chosen(reassembly_timeout=240 * SECOND),
    ),
    Fault(
        "trains live as long as their TTL",
        rows(
            """
            1122-3.2.1.7-b 1122-3.3.2-f 1122-3.3.2-g 1122-3.3.2-h 1122-3.3.2-j 791-3.2.reasm-e
            792-te-a
            """
        ),
        _add(_timed_by_ttl),
    ),
    Fault(
        "nobody is told of a train given up",
        {"1122-3.3.2-f", "1122-3.3.2-j", "792-te-a"},
        wrapped("stack.icmp_errors.report", _no_report),
    ),
    Fault(
        "later fragments are complained about",
        {"1122-3.2.2-j", "1812-4.3.2.7-f", "792-intro-c"},
        wrapped("stack.icmp_errors.may_report", _later_reported),
    ),
    Fault(
        "CE is lost",
        {"3168-5.3-a", "3168-5.3-b"},
        wrapped("stack.reassembly.ReassemblyStore._finish", _ce_forgotten),
    ),
    Fault(
        "CE is kept with Not-ECT",
        {"3168-5.3-b"},
        wrapped("stack.reassembly.ReassemblyStore._finish", _ce_whatever),
    ),
    Fault(
        "pieces are too large for the link",
        rows(
            """
            1122-2.3.3-g 1122-3.3.3-c 1122-3.3.3-f 1191-4-a 1812-3.3.4-a 1812-4.2.2.7-a
            1812-4.2.2.7-b 1812-5.2.7.1-c 791-3.2.frag-c
            """
        ),
        wrapped("stack.send.put_out", _sixteen_more),
    ),
    Fault(
        "MF is clear in the middle",
        rows(
            """
            1122-3.2.2.6-f 1122-3.2.2.6-g
            1122-3.3.2-c 1812-4.2.2.7-a 1812-4.2.2.7-b 1812-5.2.6-a
            791-3.1.cksum-c 791-3.1.flags-c 791-3.1.fo-a 791-3.1.opt-c 791-3.2.frag-c
            791-3.2.fragproc-a
            """
        ),
        wrap=sent(_no_mf_in_the_middle),
        blinds={"rfc791-3.2-df-never-cut-later-fragment"},
    ),
    Fault(
        "offsets are eight octets short",
        rows(
            """
            1122-3.2.2.6-f 1122-3.2.2.6-g
            1122-2.3.3-g 1122-3.2.1.8c-f 1122-3.3.2-c 1812-3.3.4-a
            1812-4.2.2.7-a 1812-4.2.2.7-b 1812-5.2.6-a 6864-4.3-c 791-3.1.cksum-c 791-3.1.flags-c
            791-3.1.fo-a 791-3.1.opt-c 791-3.2.frag-c 791-3.2.fragproc-a 792-rd-b
            """
        ),
        wrap=sent(_offset_short),
        blinds=rows(
            """
            rfc1812-4.2.2.5-wrong-checksum-of-a-fragment rfc791-3.1-ttl-expiry-of-a-fragment
            rfc791-3.2-df-never-cut-later-fragment rfc791-3.2-header-and-data-behind-65535
            rfc791-3.2-last-octet-behind-65535
            """
        ),
    ),
    Fault(
        "each piece has its own Identification",
        rows(
            """
            1122-3.2.2.6-f 1122-3.2.2.6-g
            1122-2.3.3-g 1122-3.3.2-c 1812-3.3.4-a 1812-4.2.2.7-a
            1812-4.2.2.7-b 791-3.1.cksum-c 791-3.1.flags-c 791-3.1.fo-a 791-3.1.id-a
            791-3.2.frag-c 791-3.2.frag-g 791-3.2.fragproc-a
            """
        ),
        wrap=sent(_identification_grows),
        blinds={"rfc791-3.2-header-and-data-behind-65535", "rfc791-3.2-last-octet-behind-65535"},
    ),
    Fault("later pieces lose their TOS", {"791-3.2.frag-g"}, wrap=sent(_tos_lost)),
    Fault("later pieces lose a TTL", {"791-3.2.frag-g"}, wrap=sent(_ttl_lowered)),
    Fault(
        "all options are in all pieces",
        {"791-3.1.opt-c", "791-3.1.rr-g", "791-3.1.ts-i"},
        _chosen(copied_flag_decides=False),
    ),
    Fault(
        "DF is not honoured",
        rows(
            """
            1122-3.3.5-d 1191-4-a 1812-5.2.7.1-c 6864-4.3-b 791-3.2.frag-f 791-3.3-c 792-du-e
            """
        ),
        _chosen(honour_df=False, honour_df_in_transit=False),
    ),
    Fault(
        "every Identification is the same",
        {"6864-4.2-a", "6864-4.3-a"},
        wrapped("stack.identification.IdentificationSource.next", _one_value),
    ),
    Fault(
        "every Identification comes twice",
        {"6864-4.3-a"},
        wrapped("stack.identification.IdentificationSource.next", _every_other),
    ),
    Fault(
        "an Identification with DF seen before is a duplicate",
        {"6864-4.1-a"},
        wrapped("stack.deliver.local", _seen_before),
    ),
    Fault(
        "a whole datagram ends the train of its key",
        {"6864-4.1-c"},
        wrapped("stack.deliver.local", _whole_ends_train),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""
