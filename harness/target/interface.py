"""What the tester's own machine says of an interface, and what makes it unfit."""

from __future__ import annotations

import fcntl
import socket
import struct
from array import array
from contextlib import closing
from pathlib import Path
from typing import Final

from harness.addresses import LinkPlan
from harness.link import offloads
from harness.target.base import TargetError

# linux/sockios.h and linux/if.h
SIOCGIFCONF: Final = 0x8912
SIOCGIFFLAGS: Final = 0x8913
SIOCGIFMTU: Final = 0x8921
SIOCGIFHWADDR: Final = 0x8927
IFF_UP: Final = 0x1
IFF_RUNNING: Final = 0x40
ARPHRD_ETHER: Final = 1
REQUEST: Final = "16s24x"
"""struct ifreq: a name and a union of 24 octets."""
REQUEST_LENGTH: Final = 40
MOST_ADDRESSES: Final = 4096
SETTINGS: Final = Path("/proc/sys/net/ipv4/conf")


def check_interface(link: LinkPlan) -> None:
    """Make sure that the tester's interface can be used for a link.

    Raises:
        TargetError: it can't; the text says what to do.
    """
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as control:
        _check_state(control, link)
        _check_kind(control, link)
        _check_addresses(control, link)
    _check_forwarding(link.name)
    _check_offloads(link.name)


def own_addresses(control: socket.socket) -> dict[str, str]:
    """All IPv4 addresses of the machine (the namespace), with the interface of each."""
    room = array("B", bytes(REQUEST_LENGTH * MOST_ADDRESSES))
    address, length = room.buffer_info()
    answer = fcntl.ioctl(control, SIOCGIFCONF, struct.pack("iP", length, address))
    (used,) = struct.unpack_from("i", answer)
    found: dict[str, str] = {}
    for place in range(0, used, REQUEST_LENGTH):
        entry = room[place : place + REQUEST_LENGTH].tobytes()
        name = entry[:16].partition(b"\0")[0].decode()
        # struct sockaddr_in: family, port, address
        found[socket.inet_ntoa(entry[20:24])] = name
    return found


def _check_state(control: socket.socket, link: LinkPlan) -> None:
    name = link.name
    flags = _number(control, SIOCGIFFLAGS, name, "H")
    if not flags & IFF_UP:
        raise TargetError(f"{name} is down: ip link set {name} up")
    if not flags & IFF_RUNNING:
        raise TargetError(f"{name} has no carrier: is the cable in, and the other end up?")
    carried = _number(control, SIOCGIFMTU, name, "i")
    if carried < link.mtu:
        raise TargetError(f"{name} carries {carried} octets, and the link's mtu is {link.mtu}")


def _check_kind(control: socket.socket, link: LinkPlan) -> None:
    ethernet = _number(control, SIOCGIFHWADDR, link.name, "H") == ARPHRD_ETHER
    if ethernet and link.bare_ip:
        raise TargetError(f"{link.name} is an Ethernet interface: bare_ip = true is wrong")
    if not ethernet and not link.bare_ip:
        raise TargetError(f"{link.name} is no Ethernet interface: bare_ip = true is missing")


def _check_addresses(control: socket.socket, link: LinkPlan) -> None:
    testers = {link.gateway, link.second_gateway, *link.neighbours, *link.absent}
    for address, interface in own_addresses(control).items():
        if address in testers:
            raise TargetError(
                f"{address} is to be the tester's, and {interface} has it already: this "
                f"machine's kernel would answer too"
            )
        if address == link.target:
            raise TargetError(
                f"{address} is to be the target's, and this machine's {interface} has it"
            )


def _check_forwarding(name: str) -> None:
    if (SETTINGS / name / "forwarding").read_text().strip() != "0":
        raise TargetError(
            f"this machine forwards what comes from {name}: sysctl -w "
            f"net/ipv4/conf/{name}/forwarding=0"
        )


def _check_offloads(name: str) -> None:
    for offload in offloads.MERGING:
        if offloads.is_on(name, offload):
            raise TargetError(
                f"{name} may merge frames before the tester sees them ({offload.name}): "
                f"ethtool -K {name} {offload.short} off"
            )


def _number(control: socket.socket, request: int, name: str, kind: str) -> int:
    answer = fcntl.ioctl(control, request, struct.pack(REQUEST, name.encode()))
    return int(struct.unpack_from(kind, answer, 16)[0])
