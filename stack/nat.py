"""Address translation on octets: which flow a datagram belongs to, and rewriting one end of it.

Checksums are adjusted by what changed (RFC 1624 §3), so that octets which were damaged before stay
recognisable as damaged, and a datagram translated there and back is the very one it was.

What an ICMP error quotes is not translated, nor the error itself: RFC 3022 §4.3 would have it so,
but S10.12 names UDP, TCP and echo alone. So an error about a translated datagram ends at the
address that stands in its header, and its quote names ends that the first sender does not know.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stack.wire.icmp import ECHO_REPLY, ECHO_REQUEST
from stack.wire.ipv4 import (
    PROTOCOL_ICMP,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    Ipv4Header,
    copy_header,
)

ECHO: Final = 0x10000
"""Stands where a port would, at the end of an echo that answers. No port is as large."""

_MINIMUM: Final = {PROTOCOL_UDP: 8, PROTOCOL_TCP: 20, PROTOCOL_ICMP: 8}
_CHECKSUM_AT: Final = {PROTOCOL_UDP: 6, PROTOCOL_TCP: 16, PROTOCOL_ICMP: 2}
_IDENTIFIER_AT: Final = 4


class Flow(NamedTuple):
    """One direction of a conversation. Of an echo the identifier is the asking end's port."""

    protocol: int
    source: int
    source_port: int
    destination: int
    destination_port: int

    def reversed(self) -> Flow:
        """What comes back."""
        return Flow(
            self.protocol,
            self.destination,
            self.destination_port,
            self.source,
            self.source_port,
        )


def read_flow(header: Ipv4Header, payload: bytes) -> Flow | None:
    """Find the flow of a datagram; None for fragments, and for what has no ports or identifier."""
    protocol = header.protocol
    if header.is_fragment or len(payload) < _MINIMUM.get(protocol, len(payload) + 1):
        return None
    if protocol != PROTOCOL_ICMP:
        source_port = payload[0] << 8 | payload[1]
        destination_port = payload[2] << 8 | payload[3]
    elif payload[0] == ECHO_REQUEST:
        source_port, destination_port = payload[4] << 8 | payload[5], ECHO
    elif payload[0] == ECHO_REPLY:
        source_port, destination_port = ECHO, payload[4] << 8 | payload[5]
    else:
        return None
    return Flow(protocol, header.source, source_port, header.destination, destination_port)


def rewrite_source(
    header: Ipv4Header, payload: bytes, address: int, port: int, *, checksum: bool = True
) -> tuple[Ipv4Header, bytes]:
    """Give a datagram another source, of a protocol that `read_flow` knows."""
    made = copy_header(header)
    made.source = address
    # RFC 1624 §3: HC' = HC + m - m' in ones-complement arithmetic.
    made.checksum = (header.checksum + header.source - address) % 0xFFFF
    change = header.source - address
    return made, _rewrite_payload(header.protocol, payload, 0, port, change, checksum=checksum)


def rewrite_destination(
    header: Ipv4Header, payload: bytes, address: int, port: int, *, checksum: bool = True
) -> tuple[Ipv4Header, bytes]:
    """Give a datagram another destination, of a protocol that `read_flow` knows."""
    made = copy_header(header)
    made.destination = address
    made.checksum = (header.checksum + header.destination - address) % 0xFFFF
    change = header.destination - address
    return made, _rewrite_payload(header.protocol, payload, 2, port, change, checksum=checksum)


def _rewrite_payload(
    protocol: int, payload: bytes, port_at: int, port: int, change: int, *, checksum: bool
) -> bytes:
    """Put the port (or identifier) in; `change` is old minus new address, for the checksum."""
    made = bytearray(payload)
    if protocol == PROTOCOL_ICMP:
        # RFC 792: the checksum of ICMP covers no address.
        change, port_at = 0, _IDENTIFIER_AT
    if port != ECHO:
        change += (made[port_at] << 8 | made[port_at + 1]) - port
        made[port_at : port_at + 2] = port.to_bytes(2, "big")
    at = _CHECKSUM_AT[protocol]
    old = made[at] << 8 | made[at + 1]
    # RFC 768: zero means that the sender made none.
    if checksum and change and (old or protocol != PROTOCOL_UDP):
        new = (old + change) % 0xFFFF
        made[at : at + 2] = new.to_bytes(2, "big")
        if new == 0 and (protocol == PROTOCOL_UDP or not any(made)):
            # RFC 768: all ones stand for zero. Elsewhere only where there is nothing but zeros,
            # whose sum would be 0 and not 0xFFFF (RFC 1624 §3).
            made[at : at + 2] = b"\xff\xff"
    return bytes(made)
