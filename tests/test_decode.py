"""The tolerant decoder: never raises, and agrees with scapy on whatever scapy can read."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from harness.decode import decode, read_group_records, read_options
from harness.field_places import PLACES
from harness.internet_checksum import internet_checksum, ones_complement_sum
from harness.summary import summary_of

ETHERNET = bytes.fromhex("020000000001025400000001")


@given(octets=st.binary(max_size=200), bare_ip=st.booleans())
@example(octets=b"", bare_ip=True)
@example(octets=b"", bare_ip=False)
@example(octets=bytes(14), bare_ip=False)
@example(octets=ETHERNET + b"\x00\x10" + bytes(8), bare_ip=False)
@example(octets=bytes.fromhex("4f00ffff") + bytes(16), bare_ip=True)
def test_any_octets_are_read_without_raising(octets: bytes, bare_ip: bool) -> None:
    frame = decode(octets, bare_ip=bare_ip)
    assert frame.octets == octets
    assert summary_of(frame)
    for part in frame.parts.values():
        assert part.start >= 0
        for name in PLACES.get(part.kind, {}):
            place = part.place(name)
            assert place is not None
            assert place[0] < place[1]


@given(st.sampled_from([b"\x08\x00", b"\x08\x06"]), st.integers(0, 255), st.binary(max_size=120))
def test_frames_of_known_types_are_read_without_raising(
    ethertype: bytes, protocol: int, octets: bytes
) -> None:
    decode(ETHERNET + ethertype + octets)
    header = bytearray(b"\x46\x00\x00\x40" + bytes(20))
    header[9] = protocol
    decode(ETHERNET + ethertype + bytes(header) + octets)


addresses = st.ip_addresses(v=4).map(str)
words = st.integers(0, 0xFFFF)
octet = st.integers(0, 255)


@given(addresses, addresses, octet, octet, words, st.integers(0, 7), words, st.binary(max_size=60))
def test_echo_is_read_as_scapy_reads_it(
    src: str, dst: str, tos: int, ttl: int, ident: int, flags: int, seq: int, carried: bytes
) -> None:
    flags &= 6  # a first fragment would hide the ICMP checksum from the decoder
    built = (
        Ether(dst="02:00:00:00:00:01", src="02:54:00:00:00:01")
        / IP(src=src, dst=dst, tos=tos, ttl=ttl, id=ident, flags=flags)
        / ICMP(type=8, id=ident, seq=seq)
        / Raw(carried)
    )
    octets = bytes(built)
    again = Ether(octets)
    frame = decode(octets)
    assert frame.faults == []
    ip, icmp = frame.parts["ip"].fields, frame.parts["icmp"].fields
    assert (ip["src"], ip["dst"], ip["ttl"]) == (again[IP].src, again[IP].dst, again[IP].ttl)
    assert (ip["tos"], ip["identification"]) == (again[IP].tos, again[IP].id)
    assert (ip["total_length"], ip["checksum"]) == (again[IP].len, again[IP].chksum)
    assert ip["reserved"] << 2 | ip["df"] << 1 | ip["mf"] == int(again[IP].flags)
    assert (icmp["identifier"], icmp["sequence"]) == (again[ICMP].id, again[ICMP].seq)
    assert icmp["data"] == carried
    assert icmp["checksum_right"]


@given(addresses, addresses, words, words, st.binary(max_size=60))
def test_udp_is_read_as_scapy_reads_it(
    src: str, dst: str, sport: int, dport: int, carried: bytes
) -> None:
    octets = bytes(IP(src=src, dst=dst) / UDP(sport=sport, dport=dport) / Raw(carried))
    frame = decode(octets, bare_ip=True)
    udp = frame.parts["udp"].fields
    assert (udp["sport"], udp["dport"], udp["length"]) == (sport, dport, 8 + len(carried))
    assert udp["checksum_right"]
    assert frame.parts["data"].fields["octets"] == carried


def test_a_wrong_checksum_is_a_fault_and_no_obstacle() -> None:
    octets = bytearray(bytes(IP(src="192.0.2.1", dst="192.0.2.2") / ICMP()))
    octets[10] ^= 1
    octets[22] ^= 1
    frame = decode(bytes(octets), bare_ip=True)
    assert frame.faults == ["IPv4 header checksum wrong", "ICMP checksum wrong"]
    assert frame.get("icmp", "type") == 8


def test_padding_is_no_payload() -> None:
    packet = bytes(IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=1, dport=2) / Raw(b"x"))
    frame = decode(ETHERNET + b"\x08\x00" + packet + bytes(17))
    assert frame.parts["data"].fields["octets"] == b"x"
    assert frame.datagram == packet


@pytest.mark.parametrize("length", range(46))
def test_a_frame_cut_at_every_octet(length: int) -> None:
    packet = bytes(IP(src="192.0.2.1", dst="192.0.2.2") / ICMP(id=7) / Raw(b"abcd"))
    whole = ETHERNET + b"\x08\x00" + packet
    frame = decode(whole[:length])
    assert (frame.faults != []) is (length < len(whole))


@given(st.binary(max_size=40))
def test_options_cover_the_area(area: bytes) -> None:
    options = read_options(area)
    assert b"".join(option.octets for option in options) == area
    assert all(20 <= option.at < 60 for option in options)


def test_options_in_order() -> None:
    area = bytes.fromhex("0107070400000000000944")
    kinds = [(option.type, option.at) for option in read_options(area)]
    assert kinds == [(1, 20), (7, 21), (0, 28)]
    assert read_options(area)[-1].octets == b"\x00\x09\x44"


@given(st.binary(max_size=64))
def test_group_records_never_run_past_the_end(report: bytes) -> None:
    records = read_group_records(report.ljust(8, b"\x00"))
    assert len(records) <= 8


@given(st.binary(max_size=80))
def test_the_checksum_makes_octets_right(octets: bytes) -> None:
    even = octets + bytes(len(octets) % 2)
    right = internet_checksum(even).to_bytes(2, "big")
    assert ones_complement_sum(even + right) == 0xFFFF


@given(st.binary(max_size=60))
def test_the_checksum_is_the_sum_of_words(octets: bytes) -> None:
    even = octets + bytes(len(octets) % 2)
    total = sum(int.from_bytes(even[i : i + 2], "big") for i in range(0, len(even), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    assert ones_complement_sum(octets) == total


@pytest.mark.parametrize("kind", [3, 11, 12])
def test_an_extension_behind_the_quote_is_none_of_the_quote(kind: int) -> None:
    """RFC 4884 §4: octet 5 tells how many words are of the datagram."""
    quote = bytes(range(128))
    error = bytes((kind, 0, 0, 0, 0, 32, 0, 0)) + quote + b"\x20\x00\xdf\xff"
    packet = bytes(IP(src="192.0.2.1", dst="192.0.2.2", proto=1) / Raw(error))
    assert decode(packet, bare_ip=True).get("icmp", "quote") == quote
    error = error[:5] + b"\x00" + error[6:]
    packet = bytes(IP(src="192.0.2.1", dst="192.0.2.2", proto=1) / Raw(error))
    assert decode(packet, bare_ip=True).get("icmp", "quote") == quote + b"\x20\x00\xdf\xff"
