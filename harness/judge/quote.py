"""What an ICMP error quotes, against what was sent (RFC 792, RFC 1122 §3.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from harness.case.match import QuoteOf
from harness.judge.view import NoSuchFrame, View
from harness.judge.words import octets_words

_CHANGEABLE = {"tos": (1, 2), "ttl": (8, 9), "checksum": (10, 12), "options": (20, 60)}
_FIELDS = (
    ("version and IHL", 0, 1),
    ("TOS", 1, 2),
    ("Total Length", 2, 4),
    ("Identification", 4, 6),
    ("flags and offset", 6, 8),
    ("TTL", 8, 9),
    ("protocol", 9, 10),
    ("checksum", 10, 12),
    ("source", 12, 16),
    ("destination", 16, 20),
)


@dataclass(frozen=True, slots=True)
class QuoteFault:
    """Why a quote is not of what was sent: `place` is octets of the quote."""

    expected: str
    actual: str
    place: tuple[int, int]


def quote_fault(wanted: QuoteOf, quote: bytes, view: View) -> QuoteFault | None:
    """What is wrong with a quote, compared with the packet sent that is nearest; None if right.

    Raises:
        NoSuchFrame: the step that the expectation names sent nothing.
    """
    packets = view.sent.get(wanted.label)
    if not packets:
        raise NoSuchFrame(f"nothing was sent under the label {wanted.label!r}")
    faults = [_fault(wanted, quote, packet) for packet in packets]
    if None in faults:
        return None
    found = [fault for fault in faults if fault is not None]
    return max(found, key=lambda fault: fault.place[0])


def _fault(wanted: QuoteOf, quote: bytes, packet: bytes) -> QuoteFault | None:
    # What was sent may claim more header than it has.
    header = min((packet[0] & 15) * 4, len(packet))
    if len(quote) < header:
        return QuoteFault(f"a header of {header} octets", f"{len(quote)} octets", (0, len(quote)))
    free = {
        octet for name in wanted.may_change for octet in range(*_CHANGEABLE[name]) if octet < header
    }
    for octet in range(header):
        if quote[octet] != packet[octet] and octet not in free:
            return _header_fault(octet, quote, packet)
    data, quoted = packet[header:], quote[header:]
    needed = min(wanted.at_least, len(data))
    if len(quoted) < needed:
        return QuoteFault(
            f"at least {needed} octets of data", f"{len(quoted)} octets", (header, len(quote))
        )
    # RFC 4884 §4 lets a quote be filled with zeros; what is beyond the packet must be those.
    if quoted[: len(data)] != data[: len(quoted)] or any(quoted[len(data) :]):
        return QuoteFault(octets_words(data), octets_words(quoted), (header, len(quote)))
    return None


def _header_fault(octet: int, quote: bytes, packet: bytes) -> QuoteFault:
    name, start, end = next(
        (field for field in _FIELDS if field[1] <= octet < field[2]),
        ("option octet", octet, octet + 1),
    )
    return QuoteFault(
        f"{name} 0x{packet[start:end].hex()}", f"{name} 0x{quote[start:end].hex()}", (start, end)
    )
