"""Faults of hosts: whom datagrams are for, whom they are from, by which way they leave.

RFC 1122 §3.1, §3.2.1, §3.3.1, §3.3.4 to §3.3.6.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stack import policy
from stack.choices import SourceRouting
from stack.inbound import Cast
from tests.faults.framework import Fault, both, judged, replaced, wrapped
from tests.faults.wires import received, rows, sent

PREPARE = "stack.socket_base.Socket._prepare"
OWN = (bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1)))


def _chosen(**choices: Any) -> Any:
    """The stack with other choices than the RFCs'."""
    return replaced("stack.policy.RFC", replace(policy.RFC, **choices))


def _always_version_4(packet: bytes) -> bytes:
    return bytes((0x40 | packet[0] & 15,)) + packet[1:]


def _no_ttl_zero(packet: bytes) -> bytes | None:
    return packet if packet[8] else None


def _short_lived(packet: bytes) -> bytes:
    own = packet[8] == 64 and packet[12:16] in OWN
    return packet[:8] + b"\x10" + packet[9:] if own else packet


def _from_many(
    original: Any, core: Any, inbound: Any, message: Any, route: Any, options: bytes
) -> None:
    if inbound.cast is not Cast.UNICAST:
        route = replace(route, source=inbound.header.destination)
    original(core, inbound, message, route, options)


def _broadcasts_heard(original: Any, core: Any, inbound: Any) -> bool:
    source = inbound.header.source
    return inbound.nic.addresses.broadcast(source) is not None or bool(original(core, inbound))


def _tos_kept(original: Any, socket: Any, protocol: int, ask: Any) -> Any:
    if ask.tos is not None:
        socket.settings.tos = ask.tos
    return original(socket, protocol, ask)


def _tos_lost(original: Any, socket: Any) -> Any:
    datagram = original(socket)
    return None if datagram is None else datagram._replace(tos=0)


def _forwards_with_two_links(original: Any, core: Any, inbound: Any, **named: Any) -> Any:
    if len(core.nics) > 1:
        core.forwarding = inbound.nic.forwarding = True
    return original(core, inbound, **named)


def _whole_network(original: Any, table: Any, destination: int, tos: int) -> Any:
    near = (key[0] for key in table._redirected if key[0] >> 8 == destination >> 8)
    return next((original(table, each, tos) for each in near), None)


def _gatewayed(
    original: Any,
    core: Any,
    nic: Any,
    packet: bytes,
    *,
    next_hop: int,
    cast: Cast = Cast.UNICAST,
    about: Any = None,
) -> None:
    if cast is Cast.MULTICAST and packet[9] != 2:
        next_hop, cast = 0xC00002FE, Cast.UNICAST
    original(core, nic, packet, next_hop=next_hop, cast=cast, about=about)


def _silently(original: Any, core: Any, inbound: Any, route: Any) -> None:
    if core.forwarding or core.policy.source_route is SourceRouting.FORWARD:
        original(core, inbound, route)


def _ttl_untouched(original: Any, core: Any, inbound: Any, route: Any) -> None:
    inbound.header.ttl = min(255, inbound.header.ttl + 1)
    original(core, inbound, route)


FAULTS = (
    # 3.1
    Fault(
        "a host with two links forwards",
        rows(
            """
            1122-3.1-e 1122-3.1-f 1122-3.1-g 1122-3.1-h 1122-3.1-k 4293-ipSystemStatsInAddrErrors
            4293-ipSystemStatsInForwDatagrams 4293-ipSystemStatsOutForwDatagrams
            """
        ),
        wrapped("stack.receive._enter", _forwards_with_two_links),
    ),
    # 3.2.1
    Fault(
        "the version is not looked at",
        {"1122-3.2.1.1-a", "1812-5.2.2-a"},
        wrap=received(_always_version_4),
    ),
    Fault(
        "illegal sources speak",
        {"1122-3.2.1.3-l", "1122-4.1.3.6-a", "1812-5.3.7-a"},
        _chosen(drop_external_loopback=False, refuse_illegal_sources=False),
    ),
    Fault(
        "subnet broadcasts speak",
        rows(
            """
            1122-3.2.1.3-l 1122-3.2.2-k 1122-4.1.3.6-a 1122-4.2.3.10-b 1812-4.2.2.11-e
            1812-4.3.2.7-e 1812-5.3.7-a
            """
        ),
        both(
            replaced("stack.core.Core.is_subnet_broadcast", lambda core, address: False),
            wrapped("stack.receive._may_come_from_outside", _broadcasts_heard),
        ),
    ),
    Fault(
        "what was sent to many is answered from the address of them all",
        rows(
            """
            1112-6.2-c 1122-3.2.1.3-c 1122-3.2.1.3-d 1122-3.2.1.3-h 1122-3.2.1.3-k 1122-3.2.2.6-e
            """
        ),
        wrapped("stack.icmp_reply._send", _from_many),
    ),
    Fault(
        "a TOS set for one datagram stays",
        {"1122-3.2.1.6-a", "1122-4.1.4-a", "1122-4.1.4-b"},
        wrapped(PREPARE, _tos_kept),
    ),
    Fault(
        "TOS is not passed up",
        {"1122-3.2.1.6-b", "2474-3-a", "791-3.2.reasm-b", "791-3.3-b"},
        wrapped("stack.udp_socket.UdpSocket.receive", _tos_lost),
    ),
    Fault(
        "packets with unknown code points are dropped",
        {"2474-3-a", "2474-3-c"},
        wrap=received(lambda packet: None if packet[1] >> 2 in (1, 3) else packet),
    ),
    Fault(
        "TTL 0 is refused",
        {"1122-3.2.1.7-b", "1812-4.2.2.9-a", "1812-5.2.7.3-a", "1812-5.3.1-a"},
        wrap=received(_no_ttl_zero),
    ),
    Fault(
        "TTL is 16 by default",
        {"1112-6.2-a", "1122-3.2.1.7-c", "1122-3.2.1.7-e"},
        wrap=sent(_short_lived),
    ),
    # 3.3.1
    Fault(
        "a redirect moves the whole network",
        {"1122-3.3.1.2-a", "1122-3.3.1.2-b"},
        wrapped("stack.routes.RouteTable._find_redirected", _whole_network),
    ),
    Fault(
        "network redirects are not taken",
        {"1122-3.2.2.2-b", "1122-3.2.2.2-c", "1122-3.3.1.2-b"},
        wrap=received(lambda p: None if p[9] == 1 and p[20:22] == b"\5\0" else p),
    ),
    Fault(
        "dead gateways are not noticed",
        {"1122-3.3.1.4-a", "1122-3.3.1.4-b", "1122-3.3.1.4-g", "1122-3.3.1.5-a"},
        replaced("stack.routes.RouteTable.neighbour_silent", lambda *_: None),
    ),
    Fault(
        "group datagrams go to the gateway",
        rows(
            """
            1112-6.1-b 1112-6.2-a 1112-6.2-b 1112-6.4-a 1122-3.3.1.1-b 1122-3.3.7-d
            """
        ),
        wrapped("stack.link.transmit", _gatewayed),
    ),
    # 3.3.4, 3.3.5
    Fault(
        "a bound address is not minded",
        {"1122-3.3.4.2-b"},
        wrapped(PREPARE, lambda original, s, p, ask: original(s, p, ask._replace(source=None))),
    ),
    Fault(
        "source routes are followed across links by default",
        {"1122-3.3.5-k"},
        _chosen(source_route=SourceRouting.FORWARD),
    ),
    Fault(
        "source routes that are not followed are dropped in silence",
        {"1122-3.3.5-m"},
        wrapped("stack.forward._next_listed_hop", _silently),
    ),
    Fault(
        "hosts that follow a source route leave TTL alone",
        {"1122-3.3.5-c", "1812-4.3.2.6-a"},
        wrapped("stack.forward._next_listed_hop", _ttl_untouched),
    ),
    # 3.3.6
    Fault(
        "subnet broadcasts are not heard",
        rows(
            """
            1122-3.2.1.7-b 1122-3.3.6-a 1122-3.4-b 1122-4.1.3.5-a 4293-ipSystemStatsInAddrErrors
            4293-ipSystemStatsInUnknownProtos 922-7-a
            """
        ),
        wrapped("stack.receive._hears_directed", lambda original, *_: False),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""
