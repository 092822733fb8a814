"""What tests of options and ICMP share: presets, what moved, areas written as numbers."""

from __future__ import annotations

from typing import Unpack

from stack import icmp_errors
from stack.inbound import Inbound
from stack.options import OptionProblem, OptionResult, Use, process
from stack.policy import RFC, Policy
from stack.wire.icmp import IcmpMessage, build_icmp
from stack.wire.ipv4 import Ipv4Packet, parse_ipv4
from tests.stack.count_kit import grown
from tests.stack.node_kit import HOST, PEER, Fields, Wire, datagram, ping

HOUR_MS = 3_600_000
"""The time of day of a `Wire` at its start."""
HERE = 0x0A000001
ELSEWHERE = 0x0A000002
NOON = 43_200_000
NOON_OCTETS = NOON.to_bytes(4, "big")

_TRAFFIC = {
    "IP.PacketsReceived",
    "IP.PacketsDelivered",
    "IP.PacketsSent",
    "IP.ValidPacketsReceived",
    "Rx.Packets",
    "Rx.Octets",
}


def octets(text: str, size: int | None = None) -> bytes:
    """An area from decimal and 0x numbers, filled with zeros to `size` or a multiple of four."""
    made = bytes(int(number, 0) for number in text.split())
    return made.ljust(-(-len(made) // 4) * 4 if size is None else size, b"\0")


def run(
    area: bytes,
    policy: Policy = RFC,
    use: Use = Use.RECEIVE,
    address: int | None = HERE,
    *,
    take_hop: bool = False,
) -> OptionResult | OptionProblem:
    """One pass of a stack that has HERE and ELSEWHERE, at noon."""
    return process(
        area,
        use=use,
        policy=policy,
        own_addresses={HERE, ELSEWHERE}.__contains__,
        stamp_address=address,
        time_ms=NOON,
        take_source_route_hop=take_hop,
    )


def good(area: bytes, policy: Policy = RFC, use: Use = Use.RECEIVE) -> OptionResult:
    result = run(area, policy, use)
    assert isinstance(result, OptionResult)
    return result


def pointer(area: bytes, policy: Policy = RFC, use: Use = Use.RECEIVE) -> int | None:
    """The octet that Parameter Problem names; None when the area is good."""
    result = run(area, policy, use)
    return result.pointer if isinstance(result, OptionProblem) else None


class Watch:
    """The NETSTACK counters of a node from now on."""

    def __init__(self, wire: Wire, nic: int | None = None) -> None:
        self._counters = wire.node.counters if nic is None else wire.node.nic_counters(nic)
        self._before = self._counters.netstack()

    def moved(self) -> dict[str, int]:
        """What moved but the counters of plain traffic."""
        grew = grown(self._counters, self._before)
        return {name: by for name, by in grew.items() if name not in _TRAFFIC}


def message(kind: int, code: int = 0, rest: bytes = bytes(4), data: bytes = bytes(28)) -> bytes:
    """An ICMP message with a right checksum."""
    return build_icmp(IcmpMessage(kind, code, rest, data))


def answers(wire: Wire, data: bytes = b"data") -> bool:
    """Whether the node still answers an echo request."""
    wire.sent()
    wire.ip(ping(data))
    return len(wire.sent()) == 1


def quoted(payload: bytes = b"12345678", protocol: int = 17, **fields: Unpack[Fields]) -> bytes:
    """A datagram that HOST might have sent to PEER, as an error quotes it."""
    fields.setdefault("source", HOST)
    fields.setdefault("destination", PEER)
    return datagram(payload, protocol, **fields)


def unknown(**fields: Unpack[Fields]) -> bytes:
    """A datagram of a protocol that nobody has: it gets protocol unreachable."""
    return datagram(b"12345678", 253, **fields)


def about(wire: Wire, sent: bytes, nic: int = 1, **fields: object) -> Inbound:
    """A datagram on its way in, as far as errors look at it."""
    packet = parse_ipv4(sent)
    assert isinstance(packet, Ipv4Packet)
    made = Inbound(wire.node._core.nics[nic], packet.header, packet.payload, packet.octets)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def report(wire: Wire, inbound: Inbound, kind: int = 3, code: int = 3, mtu: int = 0) -> None:
    icmp_errors.report(wire.node._core, inbound, kind, code, mtu=mtu)
