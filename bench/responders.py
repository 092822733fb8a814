"""Things that answer an echo request in memory: the stack, scapy by hand, PyTCP."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from bench.packets import HOST, HOST_MAC, PEER, PEER_MAC, in_frame
from stack.node import Node

Responder = Callable[[], bytes]
"""Answers the request that it was made for; answers are frames or packets as the request was."""


def stack_responder(packet: bytes) -> Responder:
    """The whole stack: in by one NIC and out by it, both checksums, options, counters."""
    node = Node(random=random.Random(1))
    node.add_nic(1, mac=HOST_MAC)
    node.add_address(1, HOST, 24)
    node.add_neighbour(1, PEER, PEER_MAC)
    node.poll(20_000_000)
    frame = in_frame(packet)
    now = 20_000_000

    def respond() -> bytes:
        nonlocal now
        now += 10
        node.receive(1, frame, now)
        return node.poll(now)[0][1]

    return respond


def scapy_responder(packet: bytes) -> Responder:
    """Scapy: parse, swap in place, have lengths and checksums made, build."""
    from scapy.layers.inet import ICMP, IP

    def respond() -> bytes:
        reply = IP(packet)
        reply.src, reply.dst = reply.dst, reply.src
        reply[ICMP].type = 0
        reply.ttl = 64
        del reply.chksum, reply[ICMP].chksum
        return bytes(reply)

    return respond


def pytcp_responder(packet: bytes) -> Responder:
    """PyTCP's packet handler, fed in memory, its logging off.

    Raises:
        ImportError: PyTCP is not installed.
    """
    from pytcp import config

    config.LOG_CHANEL = set()
    config.MAC_ADDRESS = ":".join(f"{octet:02x}" for octet in HOST_MAC)
    from pytcp.lib import stack
    from pytcp.lib.ip4_address import Ip4Address, Ip4Host
    from pytcp.lib.mac_address import MacAddress
    from pytcp.lib.packet import PacketRx

    sent: list[Any] = []
    stack.tx_ring.enqueue = sent.append
    handler = stack.packet_handler
    handler.mac_unicast = MacAddress(config.MAC_ADDRESS)
    handler.ip4_host.append(Ip4Host(f"{HOST}/24"))
    peer = MacAddress(":".join(f"{octet:02x}" for octet in PEER_MAC))
    stack.arp_cache.find_entry = lambda _: peer
    frame = in_frame(packet)
    if Ip4Address(HOST) not in handler.ip4_unicast:
        raise ImportError("PyTCP is not the version that this was written for")

    def respond() -> bytes:
        handler._phrx_ether(PacketRx(frame))  # noqa: SLF001 - its way in without a thread
        out = sent.pop()
        octets = bytearray(len(out))
        out.assemble(memoryview(octets))
        return bytes(octets)

    return respond
