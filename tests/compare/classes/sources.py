"""Differences about datagrams from sources that are not one host's address."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network

from harness.decode import decode
from tests.compare.classes.model import (
    Class,
    Right,
    destination,
    kernel_only,
    options_of,
    stack_only,
)
from tests.compare.difference import Difference
from tests.compare.stimulus import CLASS_E, LINK_LOCAL, SOURCE_ROUTES, ZERO, Sent, within

_Test = Callable[[str | None, Sent], bool]


def _in(network: IPv4Network) -> _Test:
    return lambda address, _: within(address, network)


def _broadcast(address: str | None, sent: Sent) -> bool:
    return sent.broadcast(address)


def _lowest(address: str | None, sent: Sent) -> bool:
    return sent.lowest(address)


def _answered(test: _Test) -> Callable[[Difference, Sent], bool]:
    """The kernel alone answers a source."""

    def matches(difference: Difference, sent: Sent) -> bool:
        answer = kernel_only(difference, "icmp", "tcp", "udp", "fragment")
        if answer is None:
            return False
        # A source route is gone back, the faulty ones too: the source comes last then.
        routed = any(option.type in SOURCE_ROUTES for option in options_of(answer))
        to = destination(answer)
        return sent.any(
            lambda frame: (
                test(frame.get("ip", "src"), sent) and (routed or frame.get("ip", "src") == to)
            )
        )

    return matches


def _passed(test: _Test) -> Callable[[Difference, Sent], bool]:
    """The kernel alone forwards what comes from a source."""

    def matches(difference: Difference, sent: Sent) -> bool:
        passed = kernel_only(difference, "passed on")
        return passed is not None and sent.router and test(passed.fields["src"], sent)

    return matches


def _nearby(difference: Difference, sent: Sent) -> bool:
    """The stack asks for a link-local source on the link; the kernel answers by the gateway."""

    def heard(address: str) -> bool:
        return within(address, LINK_LOCAL) and sent.any(
            lambda frame: frame.get("ip", "src") == address
        )

    asked = stack_only(difference, "ARP request")
    if asked is not None:
        return heard(asked.fields["arp.target"])
    answer = kernel_only(difference, "icmp", "tcp")
    if answer is None:
        return False
    to = destination(answer)
    return heard(to) and any(seen.fields.get("arp.target") == to for seen in sent.stack)


def _own(difference: Difference, sent: Sent) -> bool:
    """The stack alone forwards what has one of its own addresses as source."""
    seen = stack_only(difference)
    if seen is None or not sent.router:
        return False
    passed = decode(seen.octets)
    same = ("src", "identification", "protocol", "tos")
    return seen.fields.get("src") in sent.plan.own and sent.any(
        lambda frame: all(frame.get("ip", name) == passed.get("ip", name) for name in same)
    )


_HOSTS = (
    "A host must silently discard a datagram whose source is not an address that one host may "
    "have, and no error may be sent about it."
)

CLASSES = (
    Class(
        "class-e-source",
        Right.STACK,
        "RFC 1122 §3.2.1.3, §3.2.2",
        "A datagram from 240.0.0.0/4: the kernel answers, the stack discards it.",
        _HOSTS + " Linux takes 240.0.0.0/4 for ordinary unicast addresses since 2.6.25 (commit "
        "1e637c74b0f8).",
        _answered(_in(CLASS_E)),
    ),
    Class(
        "class-e-source-forwarded",
        Right.STACK,
        "RFC 1812 §5.3.7, RFC 6890 §2.2.2",
        "A router gets a datagram from 240.0.0.0/4 for another network: the kernel forwards it.",
        "Such a source is invalid, and a router should not forward what comes from it.",
        _passed(_in(CLASS_E)),
    ),
    Class(
        "zero-network-source",
        Right.STACK,
        "RFC 1122 §3.2.1.3 (b)",
        "A datagram from 0.0.0.0/8: the kernel answers by its route, the stack is silent.",
        "{0, host} must not be sent but as a source during initialisation, so there is no "
        "address to answer to. Linux 5.3 made 0.0.0.0/8, but for 0.0.0.0 itself, ordinary "
        "(ipv4_is_zeronet() in include/linux/in.h).",
        _answered(_in(ZERO)),
    ),
    Class(
        "zero-network-source-forwarded",
        Right.STACK,
        "RFC 1812 §5.3.7",
        "A router gets a datagram from 0.0.0.0/8 for another network: the kernel forwards it.",
        "A router should not forward a datagram with a source address on network 0.",
        _passed(_in(ZERO)),
    ),
    Class(
        "subnet-broadcast-source",
        Right.STACK,
        "RFC 1122 §3.2.1.3, §3.2.2, §4.2.3.10",
        "A datagram from the broadcast address of a subnet: the kernel answers, by link-layer "
        "broadcast even; the stack discards it.",
        _HOSTS + " With rp_filter off the kernel compares a source with its own addresses only "
        "(fib_validate_source() in net/ipv4/fib_frontend.c).",
        _answered(_broadcast),
    ),
    Class(
        "subnet-broadcast-source-forwarded",
        Right.STACK,
        "RFC 1812 §5.3.7, §4.2.2.11",
        "A router gets a datagram from a subnet's broadcast address: the kernel forwards it.",
        "A broadcast address is no valid source. With rp_filter off, as §5.3.8 wants it by "
        "default, the kernel does not look the source up.",
        _passed(_broadcast),
    ),
    Class(
        "lowest-address-source",
        Right.STACK,
        "RFC 1122 §3.3.6",
        "A datagram from the lowest address of the subnet: the kernel answers, the stack "
        "discards it.",
        "A host should recognise the all-zero form of the broadcast addresses, and a broadcast "
        "address is no source. Linux 5.14 made the lowest address an ordinary one (commit "
        "94c821c74bf5).",
        _answered(_lowest),
    ),
    Class(
        "lowest-address-source-forwarded",
        Right.STACK,
        "RFC 1812 §4.2.2.11, §4.2.3.1",
        "A router gets a datagram from the lowest address of a subnet: the kernel forwards it.",
        "{network, 0} is an old form of broadcast address, which a router treats like the other "
        "one: it is no valid source.",
        _passed(_lowest),
    ),
    Class(
        "link-local-source",
        Right.STACK,
        "RFC 3927 §2.6.2",
        "A datagram from 169.254.0.0/16: the stack looks for the source on the link, the kernel "
        "answers by its gateway.",
        "A host must not send what is for a link-local destination to a router; it asks for the "
        "address by ARP on the link.",
        _nearby,
    ),
    Class(
        "link-local-source-forwarded",
        Right.STACK,
        "RFC 3927 §2.7",
        "A router gets a datagram from 169.254.0.0/16 for another network: the kernel forwards it.",
        "A router must not forward it, whatever its TTL; the kernel leaves that to filters.",
        _passed(_in(LINK_LOCAL)),
    ),
    Class(
        "own-address-as-source",
        Right.BOTH,
        "RFC 1812 §5.3.7, §5.3.8",
        "A router gets a datagram from one of its own addresses for another network: the stack "
        "forwards it, the kernel drops it as a martian.",
        "The router's own addresses are not among the invalid sources of §5.3.7, and source "
        "address validation, which would find them, is off by default.",
        _own,
    ),
)
