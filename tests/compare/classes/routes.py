"""Differences about source routes: where they end, fail, and lead back."""

from __future__ import annotations

from socket import inet_aton, inet_ntoa

from harness.decode import DecodedOption, Frame
from tests.compare.classes.model import (
    ERRORS,
    Class,
    Right,
    in_error,
    kernel_only,
    options_of,
    pointer,
    stack_only,
)
from tests.compare.difference import Difference
from tests.compare.normalise import Seen
from tests.compare.sound import next_hop, slots
from tests.compare.stimulus import (
    CLASS_E,
    LOOPBACK,
    SOURCE_ROUTES,
    STRICT,
    ZERO,
    Sent,
    misaligned,
    odd_slots,
    options,
    within,
)

_REPLIES = ("icmp 0/", "icmp 14/")
_WAY = ("to", "dst", "options", "ttl", "quote")
"""What differs in a frame that takes another way."""


def _routes(sent: Sent) -> list[DecodedOption]:
    return [option for option in sent.options() if option.type in SOURCE_ROUTES]


def _returns(seen: Seen | None) -> bool:
    """Whether a frame has a source route."""
    return any(option.type in SOURCE_ROUTES for option in options_of(seen))


def _misread(option: DecodedOption) -> bool:
    """Whether the kernel, which goes backwards from the pointer, misses the slots."""
    return odd_slots(option) or misaligned(option)


def _nobody(sent: Sent, address: str) -> bool:
    """Whether no other host has an address."""
    networks = (CLASS_E, LOOPBACK, ZERO)
    return (
        sent.many(address)
        or sent.lowest(address)
        or address in sent.plan.own
        or any(within(address, network) for network in networks)
    )


def _failed(difference: Difference, sent: Sent) -> bool:
    routes = _routes(sent)
    if stack_only(difference, "icmp 3/5") is not None:
        return bool(routes)
    if stack_only(difference, "icmp 3/0", "icmp 11/0") is not None:
        return bool(routes) and sent.router and all(one.kernel is None for one in sent.found)
    # The error goes back by the route, and the first hop there has to be asked for.
    asked = stack_only(difference, "ARP request")
    return asked is not None and any(
        inet_aton(asked.fields["arp.target"]) in route.octets for route in routes
    )


def _which_first(difference: Difference, sent: Sent) -> bool:
    failed = any(stack_only(one, "icmp 3/5") is not None for one in sent.found)
    return failed and sent.router and kernel_only(difference, "icmp 11/0") is not None


def _to_many(difference: Difference, sent: Sent) -> bool:
    """A reply to what went to many with a source route at its end."""

    def routed(frame: Frame) -> bool:
        return sent.many(frame.get("ip", "dst")) and any(
            option.type in SOURCE_ROUTES for option in options(frame)
        )

    return stack_only(difference, *_REPLIES) is not None and sent.any(routed)


def _no_way_back(difference: Difference, sent: Sent) -> bool:
    """The error that the stack would have sent by a recorded hop that cannot be reached."""
    return (
        sent.router
        and kernel_only(difference, "icmp 12/0") is not None
        and any(_nowhere(sent, option) for option in _routes(sent))
    )


def _nowhere(sent: Sent, option: DecodedOption) -> bool:
    """Whether there is no way to the hop that a route has recorded last."""
    passed = option.octets[3 : min(option.octets[2], option.length + 1) - 1]
    return len(passed) > 3 and next_hop(sent.plan, inet_ntoa(passed[-4:])) is None


def _to_itself(difference: Difference, sent: Sent) -> bool:
    """A host's next hop is the host: the kernel goes on as if it had come there."""
    answer = kernel_only(difference)
    own = [inet_aton(address) for address in sent.plan.own]
    return (
        not sent.router
        and answer is not None
        and any(
            option.octets[octet - 1 : octet + 3] in own
            for option in _routes(sent)
            if len(option.octets) > 3
            for octet in (option.octets[2],)
        )
    )


def _strict_in_transit(difference: Difference, sent: Sent) -> bool:
    """The kernel points at the destination and looks no further."""

    def strict(frame: Frame) -> bool:
        transit = not (sent.own(frame) or sent.many(frame.get("ip", "dst")))
        return transit and any(option.type == STRICT for option in options(frame))

    if not sent.router or not sent.any(strict):
        return False
    if kernel_only(difference, "icmp 12/0") is not None or difference.what == "icmp.rest":
        return pointer(difference.kernel) == 16
    passed = stack_only(difference, "passed on")
    if passed is not None:
        return any(option.type == STRICT for option in options_of(passed))
    told = stack_only(difference, *ERRORS)
    return told is not None and all(pointer(one) == 16 for one in sent.kernel)


def _reset_by_nobody(difference: Difference, sent: Sent) -> bool:
    routes = _routes(sent)
    faulty = any(map(_misread, routes)) or any(
        _nobody(sent, address) for route in routes for address in slots(route)
    )
    return faulty and (_reset_elsewhere(difference, sent) or _reset_otherwise(difference))


def _reset_otherwise(difference: Difference) -> bool:
    seen = difference.kernel
    return seen is not None and seen.kind == "tcp" and difference.what in _WAY and _returns(seen)


def _reset_elsewhere(difference: Difference, sent: Sent) -> bool:
    """A reset straight from the stack; from the kernel by the route and another link, or none."""
    alone = stack_only(difference, "tcp") or kernel_only(difference, "tcp")
    ours = [one for one in sent.stack if one.kind in ("tcp", "ARP request")]
    theirs = [one for one in sent.kernel if one.kind == "tcp"]
    return alone is not None and bool(ours and _routes(sent)) and all(map(_returns, theirs))


def _twice_lowered(difference: Difference, sent: Sent) -> bool:
    if difference.what != "ttl" or difference.stack is None or difference.kernel is None:
        return False
    ours, theirs = difference.values
    listed = [
        sum(address in sent.plan.own for address in slots(option)) for option in _routes(sent)
    ]
    return theirs - ours in listed and ours < theirs and difference.stack.kind == "passed on"


def _faulty(difference: Difference, sent: Sent) -> bool:
    """An error about a datagram with a faulty source route goes along it from the kernel."""
    error = stack_only(difference, "icmp 3/", "icmp 11/", "icmp 12/")
    if error is not None:
        # Where that route leads nowhere the kernel's error does not go out at all.
        bad = any(map(_misread, _routes(sent))) or (error.kind == "icmp 12/0" and _routes(sent))
        return bool(bad) and all(
            other.kernel is None or _returns(other.kernel) for other in sent.found
        )
    alone = kernel_only(difference, "icmp 12/") is not None and any(
        stack_only(other, "icmp 12/", "ARP request") is not None for other in sent.found
    )
    if not alone and (difference.what not in _WAY or not in_error(difference, difference.what)):
        return False
    return _about_the_route(difference, sent) and _returns(difference.kernel)


def _about_the_route(difference: Difference, sent: Sent) -> bool:
    """Whether a source route is at fault, whether or not the error says so."""
    octet = pointer(difference.kernel)
    return any(_misread(one) or one.at <= octet < one.at + len(one.octets) for one in _routes(sent))


def _hosts_error(difference: Difference, sent: Sent) -> bool:
    if sent.router:
        return False
    if difference.what not in _WAY or not in_error(difference, difference.what):
        return _by_another_link(difference, sent)
    routes = _routes(sent)
    returned = _returns(difference.kernel) and not _returns(difference.stack)
    return returned and bool(routes) and not _about_the_route(difference, sent)


def _by_another_link(difference: Difference, sent: Sent) -> bool:
    """The same error, straight back from the stack, by the route and another link elsewhere."""
    straight = [one.stack.kind for one in sent.found if one.stack and one.kernel is None]
    routed = [one.kernel for one in sent.found if one.kernel and one.stack is None]
    alone = stack_only(difference, "icmp 3/", "icmp 11/") or kernel_only(
        difference, "icmp 3/", "icmp 11/"
    )
    # A link-local source has to be asked for first.
    asked = ["ARP request"] * len(routed)
    return (
        alone is not None
        and straight in ([seen.kind for seen in routed], asked)
        and all(map(_returns, routed))
    )


def _beside_the_slots(difference: Difference, sent: Sent) -> bool:
    return _reply_otherwise(difference) and any(map(_misread, _routes(sent)))


def _by_nobody(difference: Difference, sent: Sent) -> bool:
    return _reply_otherwise(difference) and any(
        _nobody(sent, address) for route in _routes(sent) for address in slots(route)
    )


def _reply_otherwise(difference: Difference) -> bool:
    """A reply takes another way, or is sent by one side alone."""
    seen = difference.stack or difference.kernel
    assert seen is not None
    alone = stack_only(difference) is not None or kernel_only(difference) is not None
    return seen.kind.startswith(_REPLIES) and (alone or difference.what in _WAY)


CLASSES = (
    Class(
        "source-route-failed",
        Right.STACK,
        "RFC 1122 §3.3.5, RFC 1812 §4.3.3.1",
        "A source route that is not followed, on a host, or that leads where a router has no "
        "route: the stack reports Source Route Failed (or Network Unreachable, when that is where "
        "the datagram goes anyhow, or that its TTL is over), the kernel drops it without a word.",
        "A host should, and a router must, say so. (ip_options_rcv_srr() in "
        "net/ipv4/ip_options.c.)",
        _failed,
    ),
    Class(
        "route-or-ttl-first",
        Right.BOTH,
        "RFC 1812 §5.2.1, §5.3.1",
        "A router gets a datagram whose source route fails and whose TTL is over: the stack "
        "reports the route, the kernel the TTL.",
        "Both are so, and one error is enough; no text says which.",
        _which_first,
    ),
    Class(
        "source-route-to-many",
        Right.BOTH,
        "RFC 1122 §3.2.2.6, §3.2.1.8 (c)",
        "An echo request to a group or broadcast address that came by a source route: the stack "
        "answers by the route, the kernel drops it.",
        "A request to many may be dropped anyhow, and no text forbids it a source route.",
        _to_many,
    ),
    Class(
        "next-hop-is-the-host-itself",
        Right.BOTH,
        "RFC 791 §3.1, RFC 1122 §3.3.5",
        "A source route on a host whose next address is the host's own: the kernel goes on to "
        "the address behind it, the stack does not follow the route.",
        "The route is not at its end, and a host that does not follow routes reports that; that "
        "nothing would have to be forwarded the text does not consider.",
        _to_itself,
    ),
    Class(
        "reset-by-nobody",
        Right.STACK,
        "RFC 1122 §3.2.1.3, §3.2.1.8 (c)",
        "A TCP reset for a segment with a source route that has octets beside its slots, or names "
        "addresses that no host has: the kernel sends the reset along what it makes of the route, "
        "to groups even, or not at all; the stack sends it straight to the source.",
        "Nobody at such an address passes the reset on, and a segment never goes to many.",
        _reset_by_nobody,
    ),
    Class(
        "reset-by-another-link",
        Right.BOTH,
        "RFC 1122 §4.2.3.8",
        "A TCP reset for a segment with a source route whose recorded hops are elsewhere than the "
        "source: the kernel sends it by the route and so by another link, or not at all where "
        "there is no way; the stack sends it straight to the source.",
        "The route back is due on the segments of a connection, and there is none.",
        _reset_elsewhere,
    ),
    Class(
        "strict-route-in-transit",
        Right.BOTH,
        "RFC 791 §3.1, RFC 1812 §5.2.4",
        "A router gets a datagram with a strict source route that is addressed to another host: "
        "the kernel reports a problem with octet 16, the stack forwards it.",
        "The text speaks of routers that the destination address names; that the hop before did "
        "not send the datagram straight to its destination is a fault of that hop's.",
        _strict_in_transit,
    ),
    Class(
        "no-way-back-by-the-route",
        Right.BOTH,
        "RFC 1812 §4.3.2.6",
        "A router's Parameter Problem about another option than the source route beside it, "
        "whose recorded hops lead nowhere: the kernel reports straight to the source, the stack "
        "finds no way back.",
        "The route back is a recommendation; what is done where there is no such way is left open.",
        _no_way_back,
    ),
    Class(
        "own-addresses-in-a-row",
        Right.BOTH,
        "RFC 791 §3.2, RFC 1812 §5.3.1",
        "A source route that names two addresses of the router one after the other: the stack "
        "takes one from TTL for each, the kernel one in all.",
        "A router decrements TTL by at least one.",
        _twice_lowered,
    ),
    Class(
        "error-by-the-faulty-route",
        Right.STACK,
        "RFC 1812 §4.3.2.6",
        "A Parameter Problem about a datagram with a source route: the kernel sends it back along "
        "what it makes of the route, to addresses that nobody named even; the stack sends it "
        "straight to the source.",
        "A complaint about a source route is the one error that does not take it, and what "
        "stands beside the slots is no address.",
        _faulty,
    ),
    Class(
        "route-in-a-hosts-error",
        Right.BOTH,
        "RFC 1122 §3.2.1.8 (c), RFC 1812 §4.3.2.6",
        "A host's error about a datagram that came by a source route: the kernel sends it back "
        "by the route, the stack straight to the source.",
        "The route is reversed for replies; that errors take it is recommended to routers only.",
        _hosts_error,
    ),
    Class(
        "reply-beside-the-slots",
        Right.STACK,
        "RFC 1122 §3.2.1.8 (c), §3.2.2.6",
        "An echo request with a source route that has octets beside its slots: the kernel "
        "reverses it from its end and so reads addresses that nobody named; the stack reads the "
        "slots.",
        "The return route has to be correctly formed.",
        _beside_the_slots,
    ),
    Class(
        "reply-by-nobody",
        Right.STACK,
        "RFC 1122 §3.2.1.3, §3.2.1.8 (c)",
        "An echo request with a recorded route of addresses that no other host has (groups, "
        "255.255.255.255, 127/8, 240/4, the target's own): the kernel sends the reply to them or "
        "not at all, the stack leaves such a route out.",
        "Nobody at such an address passes the reply on, and a reply to a group or broadcast "
        "address is one to many.",
        _by_nobody,
    ),
)
