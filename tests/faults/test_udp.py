"""Faults of what hosts do with ICMP errors, UDP and TCP: RFC 1122 §3.4 and §4."""

from __future__ import annotations

import pytest

from stack import deliver, icmp_report
from tests.faults.framework import Fault, both, judged, replaced, wrapped
from tests.faults.icmp_udp_kit import (
    as_bound,
    as_udp,
    asking,
    built,
    chosen,
    nothing,
    quench_when_full,
    reset_to_many,
    specific_is_destination,
    unless,
    with_handlers,
)
from tests.faults.wires import rows

FAULTS: tuple[Fault, ...] = (
    Fault(
        "source quench is taken for an error",
        shows={"6633-3-c", "6633-5-a"},
        patch=with_handlers(type_4=icmp_report.error),
    ),
    Fault(
        "source quench is sent when a socket is full",
        shows={"6633-3-a"},
        patch=wrapped("stack.udp_socket.UdpSocket.put", quench_when_full),
    ),
    Fault(
        "Time Exceeded is not passed on",
        shows={"1122-3.2.2.4-a", "1122-3.4-h", "1122-4.1.3.3-a"},
        patch=with_handlers(type_11=nothing),
    ),
    Fault(
        "Parameter Problem is not passed on",
        shows={"1122-3.2.2.5-b", "1122-3.2.2.5-d", "1122-4.1.3.3-a"},
        patch=with_handlers(type_12=nothing),
    ),
    Fault(
        "Destination Unreachable of code 9 is dropped",
        shows={"1122-3.2.2.1-a", "1122-3.2.2.1-d"},
        patch=with_handlers(type_3=unless(9, icmp_report.error)),
    ),
    Fault(
        "errors go to the UDP socket whatever they quote",
        shows={"1122-3.2.2-e"},
        patch=wrapped("stack.socket_table.SocketTable.icmp_error", as_udp),
    ),
    Fault(
        "UDP checksums are not looked at",
        shows={"1122-4.1.3.4-a", "1122-4.1.3.4-d", "6864-5.2-b"},
        patch=replaced("stack.wire.udp.checksum_is_right", lambda *_: True),
    ),
    Fault(
        "UDP sends no checksum",
        shows={"1122-4.1.3.4-a", "1122-4.1.3.4-c", "1122-4.1.3.4-f", "768-fields-b"},
        patch=built(lambda octets: octets[:6] + bytes(2) + octets[8:]),
    ),
    Fault(
        "UDP sends a sum of zero as it is",
        shows={"1122-4.1.3.4-f"},
        patch=built(
            lambda octets: (
                octets[:6] + bytes(2) + octets[8:] if octets[6:8] == b"\xff\xff" else octets
            )
        ),
    ),
    Fault(
        "UDP does not look at its length",
        shows={"768-fields-a"},
        patch=chosen(udp_length_rules=False),
    ),
    Fault(
        "UDP keeps options to itself",
        shows={
            "1122-3.2.1.8-b",
            "1122-3.2.1.8c-c",
            "1122-3.2.1.8e-c",
            "1122-3.4-c",
            "1122-4.1.3.2-a",
            "791-3.3-b",
            "sockets-recv-a",
        },
        patch=chosen(received_options_to_udp=False),
    ),
    Fault(
        "the specific destination is that of the header",
        shows={"1122-3.4-b", "1122-4.1.3.5-a"},
        patch=wrapped("stack.udp_socket.UdpSocket.put", specific_is_destination),
    ),
    Fault(
        "users speak from any address",
        shows={"1122-3.2.1.3-h", "1122-4.1.3.6-b", "791-3.3-e"},
        patch=both(
            replaced("stack.udp_socket.UdpSocket._may_bind", lambda *_: True),
            wrapped("stack.socket_base.Socket._prepare", as_bound),
        ),
    ),
    Fault(
        "the TTL that a user sets is forgotten",
        shows={
            "1112-6.1-a",
            "1112-6.2-a",
            "1122-3.2.1.7-c",
            "1122-3.4-a",
            "1122-4.1.4-a",
            "1122-4.1.4-b",
            "791-3.3-a",
        },
        patch=asking(ttl=None),
        blinds={
            "rfc1122-3.2.1.7-zero-set-for-one-datagram-never-sent",
            "rfc1122-3.2.1.7-zero-set-on-the-socket-never-sent",
        },
    ),
    Fault(
        "the TOS that a user sets is forgotten",
        shows={"1122-3.2.1.6-a", "1122-3.4-a", "1122-4.1.4-a", "1122-4.1.4-b", "791-3.3-a"},
        patch=asking(tos=None),
    ),
    Fault(
        "the options that a user sets are forgotten",
        shows=rows(
            """
            1122-3.2.1.8-a 1122-3.2.1.8c-a 1122-3.2.1.8c-g 1122-3.2.1.8e-b 1122-3.4-a
            1122-4.1.3.2-b 1122-4.1.3.2-c 1122-4.1.4-a 1122-4.1.4-b 791-3.1.rr-b 791-3.1.ts-f
            791-3.3-a sockets-route-a sockets-set-a sockets-set-c
            """
        ),
        patch=asking(options=None),
        blinds={
            "sockets-refuse-two-routes-around-a-record-route",
            "sockets-refuse-two-routes-both-loose",
            "sockets-refuse-two-routes-loose-and-strict",
        },
    ),
    Fault(
        "TCP answers what went to many",
        shows={"1122-4.2.3.10-a"},
        patch=replaced("stack.deliver._PROTOCOLS", {**deliver._PROTOCOLS, 6: reset_to_many}),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""
