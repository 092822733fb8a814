"""The few frames by which the preflight meets a target, and what it looks for in answers."""

from __future__ import annotations

from itertools import count
from socket import inet_aton
from struct import Struct
from typing import Final

from harness.addresses import tester_mac
from harness.decode import Frame
from harness.internet_checksum import internet_checksum, ones_complement_sum

ETHERTYPE_IP: Final = b"\x08\x00"
ETHERTYPE_ARP: Final = b"\x08\x06"
BROADCAST: Final = b"\xff" * 6
NOBODY: Final = "0.0.0.0"
ARP_HEAD: Final = bytes.fromhex("000108000604")
"""RFC 826: Ethernet, IPv4, the lengths of their addresses."""
REQUEST: Final = b"\x00\x01"
REPLY: Final = b"\x00\x02"
IP_HEADER: Final = Struct("!BBHHHBBH4s4s")
ECHO: Final = Struct("!BBHHH")
ECHO_DATA: Final = b"ip4spec preflight"
TRANSPORT_PROTOCOLS: Final = {"udp": 17, "tcp": 6}

_numbers = count(1)


def arp_question(sender: str, target: str) -> bytes:
    """The tester asks who has an address. From `NOBODY` it is a probe (RFC 5227 §2.1.1), sent
    with the link address that the tester would have as its owner."""
    own = tester_mac(target if sender == NOBODY else sender)
    asked = ARP_HEAD + REQUEST + own + inet_aton(sender) + bytes(6) + inet_aton(target)
    return BROADCAST + own + ETHERTYPE_ARP + asked


def arp_answer(frame: Frame, addresses: frozenset[str]) -> bytes | None:
    """The tester's answer to a question for one of its addresses."""
    wanted, asker = frame.get("arp", "target"), bytes(frame.get("arp", "sender_mac") or b"")
    if frame.get("arp", "operation") != 1 or wanted not in addresses:
        return None
    own = tester_mac(wanted)
    if asker == own:
        return None
    said = own + inet_aton(wanted) + asker + inet_aton(frame.get("arp", "sender"))
    return asker + own + ETHERTYPE_ARP + ARP_HEAD + REPLY + said


def echo_request(source: str, target: str) -> tuple[bytes, int]:
    """An echo request as an IP packet, and the identifier that its reply has."""
    identifier = 0x4950 + next(_numbers) & 0xFFFF
    message = ECHO.pack(8, 0, 0, identifier, 1) + ECHO_DATA
    message = message[:2] + internet_checksum(message).to_bytes(2, "big") + message[4:]
    ends = inet_aton(source), inet_aton(target)
    header = IP_HEADER.pack(0x45, 0, 20 + len(message), identifier, 0, 64, 1, 0, *ends)
    checksum = internet_checksum(header).to_bytes(2, "big")
    return header[:10] + checksum + header[12:] + message, identifier


def in_ethernet(packet: bytes, source: bytes, destination: bytes) -> bytes:
    """An IP packet in an Ethernet frame."""
    return destination + source + ETHERTYPE_IP + packet


def is_unfinished(frame: Frame) -> bool:
    """Whether a checksum was left to the hardware: it holds the pseudo-header's sum only.

    Linux calls it CHECKSUM_PARTIAL. A wrong checksum of another kind is the target's own.
    """
    for kind, protocol in TRANSPORT_PROTOCOLS.items():
        part = frame.parts.get(kind)
        if part is None or part.fields["checksum_right"]:
            continue
        ip = frame.parts["ip"]
        length = len(ip.fields["payload"])
        pseudo = frame.octets[ip.start + 12 : ip.start + 20] + bytes((0, protocol))
        partly = ones_complement_sum(pseudo + length.to_bytes(2, "big"))
        return bool(partly == part.fields["checksum"])
    return False
