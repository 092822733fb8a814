"""What cases about options share: options by name, and users that send with them."""

from __future__ import annotations

from typing import NamedTuple

from harness.case import (
    EXTENDED_SECURITY,
    OPEN_PORT,
    SECURITY,
    STREAM_ID,
    TESTER,
    TESTER_PORT,
    Address,
    Option,
    Step,
    Template,
    connect_tcp,
    data,
    open_raw,
    open_tcp,
    open_udp,
    option,
    reset,
    send_raw,
    send_udp,
    source_route,
    source_routing,
    udp,
)

from testcases.connections import ONLY_SYN

TAKES = (source_routing("host"),)
"""Judged where the target is told to take source routes: RFC 7126 §4.3 has many drop them."""
BASIC = option(SECURITY, b"\xab\x00")
"""Unclassified, no protection authority (RFC 1108 §2.3, §2.4)."""
EXTENDED = option(EXTENDED_SECURITY, b"\x01\x00")
STREAM = option(STREAM_ID, b"\x12\x34")
RAW = "options_raw"
"""The socket option whose octets go to the target as they are (docs/upper-tester.md)."""
PROTOCOL = 198
"""Of raw sockets; nobody has it."""


def complete(kind: int, *hops: Address) -> Option:
    """A source route that has led by these hops and has come to its end."""
    return source_route(kind, *hops, pointer=4 + 4 * len(hops))


class Sender(NamedTuple):
    """A user whose socket "s" sends one datagram to the tester."""

    kind: str
    words: str
    opened: tuple[Step, ...]
    sends: tuple[Step, ...]
    carried: Template
    """What the datagram carries."""
    ended: tuple[Step, ...]


def senders(octets: bytes) -> tuple[Sender, Sender, Sender]:
    """A UDP socket and a raw socket that send these octets, and a connection that begins."""
    return (
        Sender(
            "udp",
            "datagrams of a UDP socket",
            (open_udp("s", port=OPEN_PORT),),
            (send_udp("s", octets, to=TESTER, port=TESTER_PORT),),
            udp(sport=OPEN_PORT, dport=TESTER_PORT) / data(octets),
            (),
        ),
        Sender(
            "raw",
            "datagrams of a raw socket",
            (open_raw("s", protocol=PROTOCOL),),
            (send_raw("s", octets, to=TESTER),),
            data(octets),
            (),
        ),
        Sender(
            "tcp",
            "the SYN of a connection",
            (open_tcp("s"),),
            (connect_tcp("s", to=TESTER, port=TESTER_PORT),),
            ONLY_SYN,
            (reset("s"),),
        ),
    )
