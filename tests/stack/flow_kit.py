"""What the tests of the receive path and of forwarding share: presets, and which counters move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from stack.policy import NETSTACK_LATER, RFC, Policy
from tests.stack.count_kit import moving
from tests.stack.node_kit import FAR_MAC, GATEWAY, HOST_MAC, SECOND_MAC, Wire

T = TypeVar("T")

FAR = "203.0.113.9"
SECOND_HOST = "203.0.113.1"
LATER = NETSTACK_LATER


def with_loopback_dropped(policy: Policy) -> Policy:
    return replace(policy, drop_external_loopback=True)


def moves(wire: Wire, act: Callable[[], object]) -> dict[str, int]:
    """What NETSTACK counters an act moves, ValidPacketsReceived (S2.31) left out."""
    with moving(wire.node.counters) as moved:
        act()
    moved.pop("IP.ValidPacketsReceived", None)
    return moved


def takes(wire: Wire, octets: bytes, *, nic: int = 1, mac: bytes | None = None) -> dict[str, int]:
    """What moves when one datagram comes in."""
    own = SECOND_MAC if nic == 2 else HOST_MAC
    return moves(wire, lambda: wire.ip(octets, nic=nic, mac=mac or own))


def router(policy: Policy = RFC, *, mtu: int = 1500) -> Wire:
    """Two NICs, a network on each; neighbours are known. No IGMP comes between."""
    wire = Wire(replace(policy, igmp_version=0))
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.second_nic(mtu=mtu)
    wire.node.add_route("192.0.2.0/24", 1)
    wire.node.add_route("203.0.113.0/24", 2)
    wire.node.add_neighbour(2, "203.0.113.254", FAR_MAC)
    return wire


def with_default(wire: Wire) -> Wire:
    wire.node.add_route("0.0.0.0/0", 2, gateway="203.0.113.254")
    return wire


def listener(wire: Wire, port: int = 9) -> Callable[[], bool]:
    """Bind a UDP socket; the answer reads one datagram and says whether there was one."""
    socket = wire.node.udp_socket()
    socket.bind(None, port)
    return lambda: socket.receive() is not None


def keeper(into: list[T], *, answer: bool) -> Callable[[T], bool]:
    """Make an inspector or handler that keeps what it is shown and answers always the same."""

    def keep(shown: T) -> bool:
        into.append(shown)
        return answer

    return keep
