"""Address translation on octets: which flow a datagram belongs to, and rewriting one end of it.

Checksums are adjusted by what changed (RFC 1624 §3), so that octets which were damaged before stay
recognisable as damaged, and a datagram translated there and back is the very one it was.

An ICMP error belongs to the flow that it quotes. Its quote is rewritten as a datagram of that flow
would be, and checksums are adjusted inside and outside (RFC 3022 §4.3, RFC 5508 §4.2; S10.14).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stack.wire.checksum import internet_checksum
from stack.wire.icmp import ECHO_REPLY, ECHO_REQUEST, ERROR_TYPES, REDIRECT
from stack.wire.ipv4 import (
    PROTOCOL_ICMP,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    Ipv4Header,
    copy_header,
)
from stack.wire.quote import read_quote

ECHO: Final = 0x10000
"""Stands where a port would, at the end of an echo that answers. No port is as large."""

_MINIMUM: Final = {PROTOCOL_UDP: 8, PROTOCOL_TCP: 20, PROTOCOL_ICMP: 8}
_CHECKSUM_AT: Final = {PROTOCOL_UDP: 6, PROTOCOL_TCP: 16, PROTOCOL_ICMP: 2}
_IDENTIFIER_AT: Final = 4
_ICMP_HEADER: Final = 8
_HEADER_CHECKSUM_AT: Final = 10
_SOURCE_AT: Final = 12
_DESTINATION_AT: Final = 16
_QUOTED_OCTETS: Final = 8
_ERROR_OCTETS: Final = frozenset(bytes((kind,)) for kind in ERROR_TYPES - {REDIRECT})
"""First octets of ICMP errors. A redirect is for its own link, whatever it quotes."""


class Flow(NamedTuple):
    """One direction of a conversation. Of an echo the identifier is the asking end's port."""

    protocol: int
    source: int
    source_port: int
    destination: int
    destination_port: int

    @property
    def source_end(self) -> tuple[int, int]:
        """Address and port."""
        return self.source, self.source_port

    @property
    def destination_end(self) -> tuple[int, int]:
        """Address and port."""
        return self.destination, self.destination_port

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
    return _flow(protocol, header.source, header.destination, payload)


def read_quoted_flow(header: Ipv4Header, payload: bytes) -> Flow | None:
    """Find the flow that an ICMP error quotes, as it ran where the error was made."""
    if header.protocol != PROTOCOL_ICMP or header.is_fragment or payload[:1] not in _ERROR_OCTETS:
        return None
    quote = read_quote(payload[_ICMP_HEADER:])
    # RFC 792: header and eight octets; ports stand in the first fragment alone.
    if quote is None or quote.fragment_offset or len(quote.payload) < _QUOTED_OCTETS:
        return None
    if quote.protocol not in _MINIMUM:
        return None
    return _flow(quote.protocol, quote.source, quote.destination, quote.payload)


def _flow(protocol: int, source: int, destination: int, payload: bytes) -> Flow | None:
    if protocol != PROTOCOL_ICMP:
        source_port = payload[0] << 8 | payload[1]
        destination_port = payload[2] << 8 | payload[3]
    elif payload[0] == ECHO_REQUEST:
        source_port, destination_port = payload[4] << 8 | payload[5], ECHO
    elif payload[0] == ECHO_REPLY:
        source_port, destination_port = ECHO, payload[4] << 8 | payload[5]
    else:
        return None
    return Flow(protocol, source, source_port, destination, destination_port)


def with_source(header: Ipv4Header, address: int) -> Ipv4Header:
    """A header with another source."""
    made = copy_header(header)
    made.source = address
    # RFC 1624 §3: HC' = HC + m - m' in ones-complement arithmetic.
    made.checksum = (header.checksum + header.source - address) % 0xFFFF
    return made


def with_destination(header: Ipv4Header, address: int) -> Ipv4Header:
    """A header with another destination."""
    made = copy_header(header)
    made.destination = address
    made.checksum = (header.checksum + header.destination - address) % 0xFFFF
    return made


def rewrite_source(
    header: Ipv4Header, payload: bytes, address: int, port: int, *, checksum: bool = True
) -> tuple[Ipv4Header, bytes]:
    """Give a datagram another source, of a protocol that `read_flow` knows."""
    change = header.source - address
    made = _rewrite_payload(header.protocol, payload, 0, port, change, checksum=checksum)
    return with_source(header, address), made


def rewrite_destination(
    header: Ipv4Header, payload: bytes, address: int, port: int, *, checksum: bool = True
) -> tuple[Ipv4Header, bytes]:
    """Give a datagram another destination, of a protocol that `read_flow` knows."""
    change = header.destination - address
    made = _rewrite_payload(header.protocol, payload, 2, port, change, checksum=checksum)
    return with_destination(header, address), made


def rewrite_quote(message: bytes, address: int, port: int, *, source: bool) -> bytes:
    """Give what an error quotes another source or destination, if `read_quoted_flow` knows it."""
    quote = message[_ICMP_HEADER:]
    length = (quote[0] & 15) * 4
    at = _SOURCE_AT if source else _DESTINATION_AT
    change = int.from_bytes(quote[at : at + 4], "big") - address
    header = bytearray(quote[:length])
    header[at : at + 4] = address.to_bytes(4, "big")
    _adjust(header, _HEADER_CHECKSUM_AT, change)
    rest = quote[length:]
    made = bytes(header) + _rewrite_payload(quote[9], rest, 0 if source else 2, port, change)
    error = bytearray(message[:_ICMP_HEADER])
    _adjust(error, _CHECKSUM_AT[PROTOCOL_ICMP], internet_checksum(made) - internet_checksum(quote))
    return bytes(error + made)


def _adjust(octets: bytearray, at: int, change: int) -> int:
    """Change a checksum by what the sum of the rest has become less; answer what it is now."""
    new = ((octets[at] << 8 | octets[at + 1]) + change) % 0xFFFF
    octets[at : at + 2] = new.to_bytes(2, "big")
    return new


def _rewrite_payload(
    protocol: int, payload: bytes, port_at: int, port: int, change: int, *, checksum: bool = True
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
    # RFC 768: zero means that the sender made none. A quote may end before it.
    there = any(made[at : at + 2]) if protocol == PROTOCOL_UDP else at + 2 <= len(made)
    if checksum and change and there:
        new = _adjust(made, at, change)
        if new == 0 and (protocol == PROTOCOL_UDP or not any(made)):
            # RFC 768: all ones stand for zero. Elsewhere only where there is nothing but zeros,
            # whose sum would be 0 and not 0xFFFF (RFC 1624 §3).
            made[at : at + 2] = b"\xff\xff"
    return bytes(made)
