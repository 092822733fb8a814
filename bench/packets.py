"""The packets that speed is measured with: an echo request, without options and with two."""

from __future__ import annotations

import struct
from typing import Final

from stack.wire.checksum import internet_checksum

HOST: Final = "192.0.2.1"
PEER: Final = "192.0.2.9"
HOST_MAC: Final = bytes.fromhex("020000000001")
PEER_MAC: Final = bytes.fromhex("020000000009")
ROUTE_AND_TIMES: Final = bytes([7, 19, 4, *bytes(16), 68, 20, 5, 0, *bytes(16), 0])
"""A record route and a timestamp, four slots each, end-of-list."""


def _address(text: str) -> bytes:
    return bytes(map(int, text.split(".")))


def echo_request(options: bytes = b"", data: bytes = bytes(range(56))) -> bytes:
    """An echo request from PEER to HOST, with 56 octets of data unless told."""
    message = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + data
    message = message[:2] + internet_checksum(message).to_bytes(2, "big") + message[4:]
    length = 20 + len(options)
    header = struct.pack("!BBHHHBBH", 0x40 | length >> 2, 0, length + len(message), 9, 0, 64, 1, 0)
    header += _address(PEER) + _address(HOST) + options
    return header[:10] + internet_checksum(header).to_bytes(2, "big") + header[12:] + message


def in_frame(packet: bytes) -> bytes:
    """The packet in an Ethernet frame from PEER to HOST."""
    return HOST_MAC + PEER_MAC + b"\x08\x00" + packet
