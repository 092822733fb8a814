"""Fragments for tests of reassembly, and stores to feed them to."""

from __future__ import annotations

from stack.policy import Policy
from stack.reassembly import Complete, ReassemblyStore, Refused
from stack.train import Refusal
from stack.wire.ipv4 import FLAG_MF, Ipv4Header, Ipv4Packet, build_ipv4, parse_ipv4

DATA = bytes(range(1, 65))


def piece(
    first: int,
    octets: bytes,
    more: bool = True,
    *,
    identification: int = 7,
    tos: int = 0,
    options: bytes = b"",
    source: int = 1,
    ttl: int = 64,
) -> Ipv4Packet:
    header = Ipv4Header(
        source, 2, 17, ttl, tos, identification, FLAG_MF if more else 0, first // 8, options
    )
    packet = parse_ipv4(build_ipv4(header, octets))
    assert isinstance(packet, Ipv4Packet)
    return packet


def part(first: int, end: int, data: bytes = DATA) -> Ipv4Packet:
    """A fragment of the data, the last one when it goes up to the end."""
    return piece(first, data[first:end], end < len(data))


def feed(policy: Policy, *pieces: Ipv4Packet) -> list[Complete | Refused | None]:
    store = ReassemblyStore(policy)
    return [store.add(packet, 0, None) for packet in pieces]


def payload_of(result: Complete | Refused | None) -> bytes:
    assert isinstance(result, Complete)
    return result.packet.payload


def lost(reason: Refusal) -> Refused:
    return Refused(reason, train_lost=True)


def refused(reason: Refusal) -> Refused:
    return Refused(reason, train_lost=False)
