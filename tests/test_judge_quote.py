"""What an ICMP error quotes: whole header as sent, enough data, nothing else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.case import (
    HOST,
    QUOTED,
    TESTER,
    data,
    icmp,
    ip,
    pattern,
    quote_of,
    record_route,
    udp,
    unreachable,
)
from harness.judge.frame import differences
from harness.judge.quote import QuoteFault, quote_fault
from harness.judge.view import NoSuchFrame, View
from tests.judge_kit import changed, datagram_of, frame_of, view

SENT = datagram_of(ip(tos=4, ttl=9, identification=0x1234, df=1) / udp() / data(pattern(32)))
ROUTED = datagram_of(ip(options=(record_route(HOST, slots=1),)) / udp() / data(pattern(32)))


def fault(
    quote: bytes,
    *packets: bytes,
    at_least: int = 8,
    may_change: tuple[str, ...] = (),
    label: str | None = None,
) -> QuoteFault | None:
    memory = view()
    memory.sent[label] = packets or (SENT,)
    return quote_fault(quote_of(label, at_least=at_least, may_change=may_change), quote, memory)


@pytest.mark.parametrize("length", [28, 29, 47, len(SENT)])
def test_header_and_at_least_eight_octets_are_a_quote(length: int) -> None:
    assert fault(SENT[:length]) is None


@pytest.mark.parametrize("length", range(28))
def test_less_is_none(length: int) -> None:
    found = fault(SENT[:length])
    assert found is not None
    if length < 20:
        assert (found.expected, found.actual) == ("a header of 20 octets", f"{length} octets")
        assert found.place == (0, length)
    else:
        assert found.expected == "at least 8 octets of data"
        assert found.actual == f"{length - 20} octets"
        assert found.place == (20, length)


@pytest.mark.parametrize("length", range(24, 32))
def test_options_are_part_of_the_header_that_is_quoted(length: int) -> None:
    assert fault(ROUTED[:length], ROUTED) is not None
    assert fault(ROUTED[:40], ROUTED) is None


def test_a_short_datagram_is_quoted_whole() -> None:
    short = datagram_of(ip() / data(b"abc"))
    assert fault(short, short) is None
    found = fault(short[:-1], short)
    assert found is not None
    assert found.expected == "at least 3 octets of data"


@pytest.mark.parametrize(
    ("octet", "name", "place"),
    [
        (0, "version and IHL", (0, 1)),
        (1, "TOS", (1, 2)),
        (2, "Total Length", (2, 4)),
        (3, "Total Length", (2, 4)),
        (4, "Identification", (4, 6)),
        (5, "Identification", (4, 6)),
        (6, "flags and offset", (6, 8)),
        (7, "flags and offset", (6, 8)),
        (8, "TTL", (8, 9)),
        (9, "protocol", (9, 10)),
        (10, "checksum", (10, 12)),
        (11, "checksum", (10, 12)),
        *((octet, "source", (12, 16)) for octet in range(12, 16)),
        *((octet, "destination", (16, 20)) for octet in range(16, 20)),
        (20, "option octet", (20, 21)),
        (31, "option octet", (31, 32)),
    ],
)
def test_the_header_field_that_is_wrong_is_named(
    octet: int, name: str, place: tuple[int, int]
) -> None:
    wrong = changed(ROUTED, octet, bytes((ROUTED[octet] ^ 0x40,)))
    found = fault(wrong, ROUTED)
    assert found is not None
    assert found.place == place
    first, last = place
    assert found.expected == f"{name} 0x{ROUTED[first:last].hex()}"
    assert found.actual == f"{name} 0x{wrong[first:last].hex()}"


@pytest.mark.parametrize(
    ("octet", "may_change"),
    [(1, "tos"), (8, "ttl"), (10, "checksum"), (11, "checksum"), (20, "options"), (31, "options")],
)
def test_what_may_change_is_free_and_nothing_else(octet: int, may_change: str) -> None:
    wrong = changed(ROUTED, octet, bytes((ROUTED[octet] ^ 1,)))
    assert fault(wrong, ROUTED) is not None
    assert fault(wrong, ROUTED, may_change=(may_change,)) is None
    others = {"tos", "ttl", "checksum", "options"} - {may_change}
    assert fault(wrong, ROUTED, may_change=tuple(others)) is not None
    for beside in (0, 2, 7, 9, 12, 19, 32):
        also = changed(wrong, beside, bytes((wrong[beside] ^ 1,)))
        assert fault(also, ROUTED, may_change=(may_change,)) is not None


def test_options_that_may_change_leave_the_data_alone() -> None:
    assert fault(changed(SENT, 20, b"\xff"), may_change=("options",)) is not None
    assert fault(changed(ROUTED, 32, b"\xff"), ROUTED, may_change=("options",)) is not None


def test_data_must_be_what_was_sent() -> None:
    for octet in (20, 27, 28, len(SENT) - 1):
        found = fault(changed(SENT, octet, bytes((SENT[octet] ^ 1,))))
        assert found is not None
        assert found.place == (20, len(SENT))


def test_a_quote_may_be_filled_up_with_zeros_and_nothing_else() -> None:
    """RFC 4884 §4: a quote is filled with zeros up to 128 octets."""
    assert fault(SENT + bytes(128 - len(SENT))) is None
    assert fault(SENT + bytes(67) + b"\x01") is not None
    assert fault(SENT[:28] + bytes(100)) is not None


def test_more_may_be_asked_for_than_eight_octets() -> None:
    assert fault(SENT[:47], at_least=28) is not None
    assert fault(SENT[:48], at_least=28) is None
    assert fault(SENT, at_least=548) is None


def test_any_of_the_packets_sent_may_be_quoted() -> None:
    other = datagram_of(ip(ttl=1, identification=7) / udp(dport=9))
    assert fault(other, SENT, other) is None
    assert fault(SENT, SENT, other) is None


def test_the_fault_is_told_from_the_packet_that_is_nearest() -> None:
    far = changed(SENT, 1, b"\xff")
    found = fault(changed(SENT, 16, b"\x7f"), far, SENT, far)
    assert found is not None
    assert found.expected.startswith("destination")


def test_a_label_names_the_step_whose_packet_is_quoted() -> None:
    memory = view()
    other = datagram_of(ip() / udp(dport=9))
    memory.sent = {None: (other,), "first": (SENT,)}
    assert quote_fault(quote_of("first"), SENT, memory) is None
    assert quote_fault(quote_of("first"), other, memory) is not None
    assert quote_fault(quote_of(), other, memory) is None
    with pytest.raises(NoSuchFrame, match="'second'"):
        quote_fault(quote_of("second"), SENT, memory)


def errors(quote: bytes, memory: View) -> list[tuple[str, tuple[int, int] | None]]:
    frame = frame_of(ip(src=HOST, dst=TESTER) / icmp(3, code=3, rest=bytes(4), data=quote))
    wanted = ip() / unreachable(3, quote=QUOTED)
    return [(d.field, d.place) for d in differences(wanted, frame, memory)]


def test_the_place_of_a_fault_is_told_in_octets_of_the_frame() -> None:
    memory = view()
    memory.sent[None] = (SENT,)
    assert errors(SENT, memory) == []
    # 14 octets of Ethernet, 20 of IPv4, 8 of ICMP, 8 to the TTL
    assert errors(changed(SENT, 8, b"\x01"), memory) == [("icmp.quote", (50, 51))]


@given(st.binary(max_size=80), st.binary(min_size=20, max_size=80))
@example(quote=bytes([0x4F]) + bytes(70), packet=bytes([0x4F]) + bytes(30))
@example(quote=b"", packet=bytes(20))
def test_no_octets_raise(quote: bytes, packet: bytes) -> None:
    found = fault(quote, packet, SENT, may_change=("ttl", "options"))
    assert found is None or 0 <= found.place[0] <= found.place[1] <= max(len(quote), 60)


@given(st.integers(28, len(SENT)), st.integers(0, len(SENT) - 1), st.integers(1, 255))
def test_whatever_is_changed_is_seen(length: int, octet: int, bits: int) -> None:
    quote = SENT[:length]
    if octet < length:
        assert fault(changed(quote, octet, bytes((quote[octet] ^ bits,)))) is not None
