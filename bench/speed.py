"""How fast the bundled stack is, each figure beside another program's in the same process.

    python -m bench.speed [ROUNDS]

Ratios say how many times as long the other takes. PyTCP is measured when it is installed
(`pip install .[bench]`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from bench import responders
from bench.measure import ROUNDS, compare
from bench.packets import HOST, PEER, ROUTE_AND_TIMES, echo_request
from stack.options import OptionResult, Use, process
from stack.policy import RFC
from stack.wire.address import parse_address
from stack.wire.checksum import internet_checksum
from stack.wire.icmp import IcmpMessage, build_icmp, parse_icmp
from stack.wire.ipv4 import Ipv4Header, Ipv4Packet, build_ipv4, parse_ipv4

_DATA = bytes(range(56))


class Row(NamedTuple):
    """One comparison and its goal."""

    what: str
    against: str
    goal: float
    ours: Callable[[], object]
    theirs: Callable[[], object]


def _echoes() -> Iterator[Row]:
    for words, options, goal in (("", b"", 40), (", two options", ROUTE_AND_TIMES, 40)):
        packet = echo_request(options)
        ours = responders.stack_responder(packet)
        yield Row(f"echo{words}", "scapy", goal, ours, responders.scapy_responder(packet))
        if options:
            # PyTCP 2.7.6 leaves options out of its replies, so it does another thing.
            continue
        try:
            theirs = responders.pytcp_responder(packet)
        except ImportError as missing:
            print(f"echo{words}: not beside PyTCP: {missing}")
            continue
        yield Row(f"echo{words}", "PyTCP", 10, ours, theirs)


def _parses() -> Iterator[Row]:
    from scapy.layers.inet import ICMP, IP

    def ours(octets: bytes) -> object:
        packet = parse_ipv4(octets)
        assert isinstance(packet, Ipv4Packet)
        area = packet.header.options
        if area:
            found = process(
                area,
                use=Use.VERIFY,
                policy=RFC,
                own_addresses=bool,
                stamp_address=None,
                time_ms=0,
            )
            assert isinstance(found, OptionResult)
        return parse_icmp(packet.payload)

    def theirs(octets: bytes) -> object:
        packet = IP(octets)
        return packet.options, packet[ICMP].type

    for words, options in (("", b""), (", two options", ROUTE_AND_TIMES)):
        octets = echo_request(options)
        yield Row(f"parse{words}", "scapy", 60, partial(ours, octets), partial(theirs, octets))


def _builds() -> Iterator[Row]:
    from scapy.layers.inet import ICMP, IP
    from scapy.packet import Raw

    source, destination = parse_address(PEER), parse_address(HOST)

    def ours(options: bytes) -> bytes:
        header = Ipv4Header(source, destination, 1, identification=9, options=options)
        return build_ipv4(header, build_icmp(IcmpMessage(8, 0, b"\0\7\0\1", _DATA)))

    def theirs() -> bytes:
        header = IP(src=PEER, dst=HOST, id=9, proto=1)
        return bytes(header / ICMP(type=8, id=7, seq=1) / Raw(_DATA))

    assert ours(b"") == theirs() == echo_request()
    yield Row("build", "scapy", 50, partial(ours, b""), theirs)


def _checksums() -> Iterator[Row]:
    from scapy.utils import checksum

    for octets, goal in ((20, 2.5), (84, 3.0), (1500, 3.5)):
        data = bytes(number * 7 & 255 for number in range(octets))
        assert checksum(data) == internet_checksum(data)
        yield Row(
            f"checksum of {octets} octets",
            "scapy",
            goal,
            partial(internet_checksum, data),
            partial(checksum, data),
        )


def main(rounds: int) -> int:
    """Measure, print a table, and answer 1 when a goal is missed."""
    missed = 0
    print(f"{'':26}{'ours':>9}{'theirs':>10}{'ratio':>8}{'goal':>7}")
    for rows in (_echoes(), _parses(), _builds(), _checksums()):
        for row in rows:
            found = compare(row.ours, row.theirs, rounds)
            short = found.ratio < row.goal
            missed += short
            print(
                f"{row.what:26}{found.ours * 1e6:6.1f} µs{found.theirs * 1e6:7.1f} µs"
                f"{found.ratio:8.1f}{row.goal:7.1f}  {row.against}{'  MISSED' if short else ''}"
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
