"""Ethernet frames carrying IPv4 and ARP.

RFC 1122 §2.3.3: Ethernet encapsulation (RFC 894) MUST be sent and received; IEEE 802 encapsulation
(RFC 1042: LLC and SNAP) SHOULD be received, intermixed. Frames are built in the RFC 894 form.
"""

from __future__ import annotations

from typing import Final, NamedTuple

ETHERTYPE_IPV4: Final = 0x0800
ETHERTYPE_ARP: Final = 0x0806

BROADCAST_MAC: Final = b"\xff" * 6
HEADER_LENGTH: Final = 14
MINIMUM_FRAME: Final = 60
"""Octets of the smallest frame, frame check sequence not counted."""

_SNAP: Final = b"\xaa\xaa\x03\x00\x00\x00"
_PADDING: Final = bytes(MINIMUM_FRAME)


class EthernetFrame(NamedTuple):
    """One frame without its frame check sequence; the payload may have padding behind it."""

    destination: bytes
    source: bytes
    ethertype: int
    payload: bytes

    @property
    def is_group_addressed(self) -> bool:
        """Sent to a link-layer group, broadcast included."""
        return self.destination[0] & 1 == 1

    @property
    def is_broadcast(self) -> bool:
        """Sent to the link-layer broadcast address."""
        return self.destination == BROADCAST_MAC


def parse_ethernet(octets: bytes) -> EthernetFrame | None:
    """Read a frame; None when it is too short or an IEEE 802 frame that carries no SNAP type."""
    if len(octets) < HEADER_LENGTH:
        return None
    ethertype = octets[12] << 8 | octets[13]
    if ethertype >= 0x600:
        return EthernetFrame(octets[:6], octets[6:12], ethertype, octets[14:])
    # RFC 1042: below 0x600 the field is a length; the type stands behind LLC and SNAP.
    body = octets[14 : 14 + ethertype]
    if len(body) < 8 or len(body) < ethertype or body[:6] != _SNAP:
        return None
    return EthernetFrame(octets[:6], octets[6:12], body[6] << 8 | body[7], body[8:])


def build_ethernet(destination: bytes, source: bytes, ethertype: int, payload: bytes) -> bytes:
    """Write a frame; RFC 894: data is padded with zeros to the minimum frame."""
    frame = destination + source + ethertype.to_bytes(2, "big") + payload
    if len(frame) < MINIMUM_FRAME:
        frame += _PADDING[len(frame) :]
    return frame


def group_mac(group: int) -> bytes:
    """RFC 1112 §6.4: the low 23 bits of the group behind 01-00-5E."""
    return (0x01005E000000 | group & 0x7FFFFF).to_bytes(6, "big")


def is_mac(octets: bytes) -> bool:
    """Whether this can be the address of one station: six octets, no group bit, not all zero."""
    return len(octets) == 6 and octets[0] & 1 == 0 and any(octets)
