"""Differences about ICMP errors: their headers, what they quote, when they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.decode import Frame, read_options
from tests.compare.classes.model import (
    Class,
    Right,
    in_error,
    kernel_only,
    options_of,
    pointer,
    stack_only,
)
from tests.compare.difference import Difference
from tests.compare.stimulus import SOURCE_ROUTES, Sent, truncated

_KEPT_BITS = 0x1E
"""IPTOS_TOS_MASK: what the kernel takes of the TOS of the datagram that an error is about."""
_INTERNETWORK_CONTROL = 0xC0


def _tos(difference: Difference, sent: Sent) -> bool:
    return (
        not sent.router
        and in_error(difference, "tos")
        and difference.values[0] == 0
        and sent.any(lambda frame: difference.values[1] == _kernels(frame))
    )


def _kernels(frame: Frame) -> int:
    tos: int = frame.get("ip", "tos")
    return tos & _KEPT_BITS | _INTERNETWORK_CONTROL


def _ecn(difference: Difference, sent: Sent) -> bool:
    if not in_error(difference, "tos") or not sent.router:
        return False
    ours, theirs = difference.values
    return ours == theirs & ~3 and sent.any(lambda frame: theirs == _kernels(frame))


def _options(difference: Difference, sent: Sent) -> bool:
    if not in_error(difference, "options"):
        return False
    ours, theirs = difference.values
    types = {option.type for option in read_options(theirs or b"") if option.type > 1}
    had = {option.type for option in sent.options()}
    return ours is None and types <= had and not types & SOURCE_ROUTES


def _options_of_a_reset(difference: Difference, sent: Sent) -> bool:
    if difference.stack is None or difference.stack.kind != "tcp":
        return False
    if difference.what in ("to", "dst"):
        # By the reversed source route.
        return any(option.type in SOURCE_ROUTES for option in options_of(difference.kernel))
    if difference.what != "options":
        return False
    ours, theirs = difference.values
    types = {option.type for option in read_options(theirs or b"") if option.type > 1}
    had = {option.type for option in sent.options()}
    return ours is None and types <= had


def _worked(difference: Difference, sent: Sent) -> bool:
    """Both quotes are the datagram, but for the option area and the checksum of one."""
    if not in_error(difference, "quote"):
        return False
    ours, theirs = difference.values

    def blanked(quote: bytes, end: int) -> bytes:
        return quote[:10] + bytes(2) + quote[12:20] + quote[end:]

    end = (ours[0] & 15) * 4
    received = sent.any(lambda frame: frame.datagram.startswith(ours))
    if "options" in _fields_of(difference):
        # Options in the error leave the quote less room.
        ours = ours[: len(theirs)]
    return received and end > 20 and blanked(ours, end) == blanked(theirs, end)


def _fields_of(difference: Difference) -> Mapping[str, Any]:
    return {} if difference.kernel is None else difference.kernel.fields


def _cut_to_udp(difference: Difference, sent: Sent) -> bool:
    """The kernel's quote ends where the UDP length says."""
    if not in_error(difference, "quote"):
        return False
    ours, theirs = difference.values

    def ends(frame: Frame) -> bool:
        length = frame.get("udp", "length")
        header = frame.get("ip", "ihl") * 4
        return length is not None and len(theirs) == header + length < len(ours)

    return bool(ours.startswith(theirs)) and sent.any(ends)


def _whole(difference: Difference, sent: Sent) -> bool:
    if not in_error(difference, "quote") or len(sent.frames) < 2:
        return False
    ours, theirs = difference.values
    received = sent.any(lambda frame: frame.is_fragment and frame.datagram.startswith(ours[:28]))
    # Of a datagram put together nothing says any more that it came in pieces.
    return received and theirs[6:8] == b"\0\0" and ours[4:6] == theirs[4:6]


def _lowered(difference: Difference, sent: Sent) -> bool:
    if not in_error(difference, "quote") or not sent.router:
        return False
    ours, theirs = difference.values
    if theirs[8] == ours[8] - 1:
        end = (ours[0] & 15) * 4
        return bool(
            ours[:8] + ours[12:20] + ours[end:] == theirs[:8] + theirs[12:20] + theirs[end:]
        )
    routed = any(option.type in SOURCE_ROUTES for option in sent.options())
    return routed and bool(ours[:10] + ours[20:] == theirs[:10] + theirs[20:])


def _truncated(difference: Difference, sent: Sent) -> bool:
    return (
        sent.router
        and stack_only(difference, "icmp 12/") is not None
        and pointer(difference.stack) == 2
        and sent.any(truncated)
    )


def _source(difference: Difference, sent: Sent) -> bool:
    if not in_error(difference, "src") or difference.stack is None or not sent.router:
        return False
    ours, theirs = difference.values
    return bool(
        ours == sent.plan.links[difference.stack.link].target
        and sent.any(lambda frame: frame.get("ip", "dst") == theirs)
    )


def _code(difference: Difference, sent: Sent) -> bool:
    """The same reply from both, but for the code; with the code the checksum differs."""
    coded = sent.any(lambda f: f.get("icmp", "type") == 8 and f.get("icmp", "code") != 0)
    ours, theirs = (
        [
            seen.fields.get("icmp.data") or seen.fields.get("payload", b"")[4:]
            for seen in side
            if seen.kind.startswith("icmp 0/")
        ]
        for side in (sent.stack, sent.kernel)
    )
    seen = stack_only(difference, "icmp 0/0") or kernel_only(difference, "icmp 0/")
    return coded and seen is not None and ours == theirs


def _short_timestamp(difference: Difference, sent: Sent) -> bool:
    def short(frame: Frame) -> bool:
        return frame.get("icmp", "type") == 13 and len(frame.get("ip", "payload")) < 20

    return kernel_only(difference, "icmp 14/") is not None and sent.any(short)


def _router_discovery(difference: Difference, sent: Sent) -> bool:
    told = stack_only(difference, "icmp 3/", "icmp 11/", "icmp 12/")
    return told is not None and sent.any(
        lambda frame: (
            frame.get("ip", "protocol") == 1 and frame.get("ip", "payload")[:1] in (b"\t", b"\n")
        )
    )


def _redirected_to_itself(difference: Difference, sent: Sent) -> bool:
    asked = kernel_only(difference, "ARP request")
    return (
        asked is not None
        and asked.fields["arp.target"] in sent.plan.own
        and sent.any(lambda f: f.get("icmp", "gateway") == asked.fields["arp.target"])
    )


def _tos_of_a_reset(difference: Difference, sent: Sent) -> bool:
    return (
        difference.what == "tos"
        and difference.stack is not None
        and difference.stack.kind == "tcp"
        and difference.values[0] == 0
        and sent.any(lambda frame: difference.values[1] == frame.get("ip", "tos") & ~3)
    )


def _reset_unsent(difference: Difference, sent: Sent) -> bool:
    reset = stack_only(difference, "tcp")
    return reset is not None and not sent.kernel and sent.any(_malformed)


def _malformed(frame: Frame) -> bool:
    """Whether a length octet among the TCP options can't be."""
    area: bytes = frame.get("tcp", "options") or b""
    at = 0
    while at < len(area) and area[at]:
        length = 1 if area[at] == 1 else int.from_bytes(area[at + 1 : at + 2], "big")
        if length < 1 + (area[at] > 1) or at + length > len(area):
            return True
        at += length
    return False


CLASSES = (
    Class(
        "tos-of-a-hosts-error",
        Right.BOTH,
        "RFC 1122 §3.2.1.6, RFC 1812 §4.3.2.5",
        "The TOS octet of a host's ICMP errors: 0 from the stack; precedence 6 and the TOS bits "
        "of the datagram from the kernel.",
        "What the kernel does is what RFC 1812 recommends to routers; no text asks it of hosts.",
        _tos,
    ),
    Class(
        "ecn-bits-in-an-error",
        Right.STACK,
        "RFC 3168 §5",
        "The TOS octet of a router's ICMP errors about a datagram with ECT(0) or CE: the kernel "
        "takes over the higher one of the two ECN bits, which once was a TOS bit; the stack "
        "sends Not-ECT.",
        "The ECT codepoints say that the ends of a transport take part in ECN, which no ICMP "
        "error does.",
        _ecn,
    ),
    Class(
        "options-in-errors",
        Right.BOTH,
        "RFC 1122 §3.2.2, RFC 1812 §4.3.2.6",
        "ICMP errors about datagrams with a record route or timestamp option: the kernel puts "
        "these into the error too, the stack does not.",
        "The text asks for source routes in errors, and for the other options in replies to "
        "echo and timestamp requests only.",
        _options,
    ),
    Class(
        "quote-after-option-work",
        Right.STACK,
        "RFC 1122 §3.2.2",
        "An error about a datagram with options: the stack quotes the header as it came, the "
        "kernel what its own work made of the options (entries made, what follows an end of list "
        "cleared).",
        "The header is returned as received; RFC 1812 §4.3.2.3 lets routers leave what "
        "forwarding has changed, which does not cover what is delivered here. (The kernel works "
        "in the received buffer: __ip_options_compile().)",
        _worked,
    ),
    Class(
        "quote-of-a-reassembled-datagram",
        Right.STACK,
        "RFC 1122 §3.2.2",
        "An error about a datagram that came in fragments: the stack quotes the first fragment "
        "as it came, the kernel the datagram put together, with a Total Length that nobody sent.",
        "What is returned is the header that was received.",
        _whole,
    ),
    Class(
        "quote-cut-to-the-udp-length",
        Right.BOTH,
        "RFC 1122 §3.2.2",
        "A Port Unreachable about a UDP datagram with octets behind its UDP length: the stack "
        "quotes them too, the kernel does not.",
        "At least eight octets of data are quoted; more may be.",
        _cut_to_udp,
    ),
    Class(
        "quote-after-forwarding",
        Right.BOTH,
        "RFC 1812 §4.3.2.3",
        "The datagram quoted in a router's error: TTL (in a redirect) and destination (of one "
        "with a source route) as received from the stack, as forwarding made them from the "
        "kernel.",
        "A router need not undo what forwarding has changed before.",
        _lowered,
    ),
    Class(
        "truncated-reported",
        Right.STACK,
        "RFC 1812 §5.2.2",
        "A router gets less than Total Length says: the stack reports Total Length, the kernel "
        "drops it without a word.",
        "A Parameter Problem that points at the Total Length is recommended. (ip_rcv_core() "
        "counts InTruncatedPkts.)",
        _truncated,
    ),
    Class(
        "source-of-a-routers-error",
        Right.STACK,
        "RFC 1812 §4.3.2.4",
        "An error about a datagram to an address of the router's that is not on the link where "
        "the error leaves: from that link's address by the stack, from the datagram's "
        "destination by the kernel.",
        "The source must be an address of the interface over which the error is sent.",
        _source,
    ),
    Class(
        "echo-code",
        Right.BOTH,
        "RFC 792, Echo or Echo Reply Message",
        "An echo request with a code other than 0: the kernel copies it, the stack replies with "
        "code 0.",
        "Codes other than 0 have no meaning, and the text forms the reply by changing the type "
        "alone but lists code 0 for it.",
        _code,
    ),
    Class(
        "short-timestamp-request",
        Right.BOTH,
        "RFC 792, Timestamp or Timestamp Reply Message",
        "A timestamp request that ends before its last time: the kernel answers when the first "
        "one is there, the stack drops it.",
        "The message has 20 octets; what a receiver does with fewer is not said.",
        _short_timestamp,
    ),
    Class(
        "error-about-router-discovery",
        Right.STACK,
        "RFC 1122 §3.2.2, RFC 1256 §3",
        "An error would be due about a router advertisement or solicitation: the stack sends it, "
        "the kernel takes these types for errors and does not.",
        "No error is sent about an ICMP error, and types 9 and 10 are none. (icmp_pointers[] in "
        "net/ipv4/icmp.c marks what it has no handler for as errors.)",
        _router_discovery,
    ),
    Class(
        "redirected-to-itself",
        Right.BOTH,
        "RFC 1122 §3.2.2.2",
        "A redirect that names the host itself as gateway: the kernel asks by ARP for its own "
        "address, the stack is silent.",
        "A redirect to a gateway off the connected network is to be discarded; the host's own "
        "address is on it, and the text does not think of that.",
        _redirected_to_itself,
    ),
    Class(
        "tos-of-a-reset",
        Right.BOTH,
        "RFC 1122 §4.2.4.2",
        "The TOS octet of a TCP reset: 0 from the stack, that of the segment without its ECN "
        "bits from the kernel.",
        "TOS is a choice of the application, and there is none behind a closed port.",
        _tos_of_a_reset,
    ),
    Class(
        "reset-for-malformed-options",
        Right.STACK,
        "RFC 1122 §4.2.2.5",
        "A TCP segment for nobody whose options have an impossible length: the stack resets it, "
        "the kernel says nothing.",
        "A reset is what the text suggests for an illegal option length. (tcp_v4_send_reset() "
        "goes through the options for a signature, and gives up where it can't.)",
        _reset_unsent,
    ),
    Class(
        "options-of-a-reset",
        Right.BOTH,
        "RFC 1122 §4.2.3.8",
        "A TCP reset for a segment with options: the kernel puts record route, timestamp and the "
        "reversed source route into it, the stack sends it without.",
        "The route back is due on the segments of a connection, and there is none; of the other "
        "options nothing is said.",
        _options_of_a_reset,
    ),
)
