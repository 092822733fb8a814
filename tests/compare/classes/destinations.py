"""Differences about whom a datagram is for."""

from __future__ import annotations

from harness.decode import Frame
from tests.compare.classes.model import Class, Right, kernel_only, stack_only
from tests.compare.difference import Difference
from tests.compare.stimulus import CLASS_E, LINK_LOCAL, ZERO, Sent, within


def _old_broadcast(difference: Difference, sent: Sent) -> bool:
    def old(frame: Frame) -> bool:
        dst = frame.get("ip", "dst")
        return sent.lowest(dst) or dst == "0.0.0.0"

    return not sent.router and stack_only(difference, "icmp 0/") is not None and sent.any(old)


def _lowest_forwarded(difference: Difference, sent: Sent) -> bool:
    done = kernel_only(difference, "passed on", "icmp 11/0", "icmp 12/")
    return (
        done is not None
        and sent.router
        and (
            sent.any(lambda frame: sent.lowest(frame.get("ip", "dst")))
            or (done.kind == "passed on" and sent.lowest(done.fields["dst"]))
        )
    )


def _other_link(difference: Difference, sent: Sent) -> bool:
    answer = kernel_only(difference, "icmp", "tcp")
    if answer is None or sent.router:
        return False

    def elsewhere(frame: Frame) -> bool:
        dst = frame.get("ip", "dst")
        mine = {sent.plan.links[link].target for link, one in sent.frames if one is frame}
        return any(
            dst in (link.target, link.broadcast)
            for link in sent.plan.links
            if link.target not in mine
        )

    return sent.any(elsewhere)


def _directed(difference: Difference, sent: Sent) -> bool:
    return (
        sent.router
        and kernel_only(difference, "icmp") is not None
        and sent.any(lambda frame: sent.broadcast(frame.get("ip", "dst")))
    )


def _queries_to_many(difference: Difference, sent: Sent) -> bool:
    def to_many(frame: Frame) -> bool:
        return sent.many(frame.get("ip", "dst")) and frame.get("icmp", "type") == 13

    return kernel_only(difference, "icmp 14/") is not None and sent.any(to_many)


def _not_for_this_host(difference: Difference, sent: Sent) -> bool:
    def foreign(frame: Frame) -> bool:
        return not sent.own(frame) and bool(frame.get("ip", "options"))

    return not sent.router and kernel_only(difference, "icmp 12/") is not None and sent.any(foreign)


def _arrival_address(difference: Difference, sent: Sent) -> bool:
    """Both answer what went to many, each from the address of another link."""
    if difference.what != "src" or difference.kernel is None:
        return False
    ours, theirs = difference.values
    out = sent.plan.links[difference.kernel.link].target
    came = {sent.plan.links[link].target for link, _ in sent.frames}
    return (
        difference.kernel.kind.startswith("icmp 0/")
        and {ours} == came
        and theirs == out
        and sent.any(lambda frame: sent.many(frame.get("ip", "dst")))
    )


def _martian_reported(difference: Difference, sent: Sent) -> bool:
    def martian(frame: Frame) -> bool:
        networks = (CLASS_E, ZERO, LINK_LOCAL)
        return any(within(frame.get("ip", "dst"), network) for network in networks)

    return (
        sent.router
        and kernel_only(difference, "icmp 3/0", "icmp 11/0", "icmp 12/") is not None
        and sent.any(martian)
    )


CLASSES = (
    Class(
        "old-broadcast-form",
        Right.STACK,
        "RFC 1122 §3.3.6",
        "An echo request to 0.0.0.0 or to the lowest address of the subnet: the stack answers as "
        "to a broadcast, the kernel does not take it for its own.",
        "A host should recognise the all-zero forms of broadcast address. Linux 5.14 made the "
        "lowest address an ordinary one (commit 94c821c74bf5).",
        _old_broadcast,
    ),
    Class(
        "lowest-address-forwarded",
        Right.STACK,
        "RFC 1812 §4.2.3.1",
        "A router gets a datagram for the lowest address of a link's subnet, or with a source "
        "route there: the kernel sends it to that neighbour, or reports its TTL or a fault in its "
        "options; the stack drops it.",
        "A router should silently drop what is addressed to the all-zero host part.",
        _lowest_forwarded,
    ),
    Class(
        "address-of-the-other-link",
        Right.BOTH,
        "RFC 1122 §3.3.4.2",
        "A multihomed host gets, on one link, an echo request or a segment for its address or the "
        "broadcast address of another: the kernel answers, the stack discards it.",
        "The clause describes both models and lets a host discard such a datagram (strong end "
        "system) or take it (weak end system).",
        _other_link,
    ),
    Class(
        "directed-broadcast-received",
        Right.STACK,
        "RFC 2644 §3",
        "A router gets an echo request for the broadcast address of one of its links: the kernel "
        "delivers it to itself and answers, the stack does not.",
        "Receiving directed broadcasts has to be off by default; only forwarding them has a "
        "switch in the kernel (bc_forwarding).",
        _directed,
    ),
    Class(
        "timestamp-request-to-many",
        Right.BOTH,
        "RFC 1122 §3.2.2.8",
        "A timestamp request to a broadcast or group address: the kernel answers (with "
        "icmp_echo_ignore_broadcasts off), the stack discards it.",
        "Such a request may be silently discarded.",
        _queries_to_many,
    ),
    Class(
        "source-of-a-reply-to-many",
        Right.STACK,
        "RFC 1122 §3.2.1.3, §3.2.2.6",
        "A multihomed host answers an echo request to a group or broadcast address that came by "
        "one link, and the answer leaves by another: the stack answers from the address of the "
        "arrival link, the kernel from that of the other one.",
        "The reply comes from the specific-destination address, which is one of the interface on "
        "which the request arrived.",
        _arrival_address,
    ),
    Class(
        "options-before-destination",
        Right.STACK,
        "RFC 1122 §3.2.1.3, §3.2.2",
        "A host gets a datagram for somebody else whose options are broken: the kernel reports "
        "the options before it looks whom the datagram is for, the stack is silent.",
        "A host must silently discard a datagram that is not destined for it. "
        "(ip_rcv_options() runs before the route is taken into account.)",
        _not_for_this_host,
    ),
    Class(
        "martian-destination-reported",
        Right.BOTH,
        "RFC 1812 §5.3.7, §4.3.3.1",
        "A router gets a datagram for 0.0.0.0/8, 169.254.0.0/16 or 240.0.0.0/4, and has no route "
        "there or finds a fault in it: the kernel says so like for any other network, the stack "
        "drops it silently.",
        "What is filtered as a martian is logged; whether its source is told is not said.",
        _martian_reported,
    ),
)
