"""Differences about frames and ARP."""

from __future__ import annotations

from tests.compare.classes.model import Class, Right, kernel_only, stack_only
from tests.compare.difference import Difference
from tests.compare.stimulus import Sent


def _snap(difference: Difference, sent: Sent) -> bool:
    return stack_only(difference) is not None and any(
        "snap" in frame.parts and "ip" in frame.parts for _, frame in sent.frames
    )


def _foreign_arp(difference: Difference, sent: Sent) -> bool:
    reply = kernel_only(difference, "ARP reply")
    if reply is None:
        return False
    asked = reply.fields["arp.sender"]
    return asked in sent.plan.own and asked != sent.plan.links[reply.link].target


def _conflict(difference: Difference, sent: Sent) -> bool:
    defence = stack_only(difference, "ARP request")
    return defence is not None and any(
        frame.get("arp", "sender") == defence.fields["arp.target"] == sent.plan.links[link].target
        for link, frame in sent.frames
    )


def _from_group(difference: Difference, sent: Sent) -> bool:
    reply = kernel_only(difference, "ARP reply")
    return reply is not None and bool(reply.fields["arp.target_mac"][0] & 1)


CLASSES = (
    Class(
        "snap",
        Right.STACK,
        "RFC 1122 §2.3.3",
        "IPv4 in an 802.3 frame with LLC and SNAP: the stack takes it, the kernel does not.",
        "A host SHOULD receive RFC 1042 encapsulation mixed with RFC 894's. The kernel has no "
        "handler for Ethertype 0x0800 behind a SNAP header.",
        _snap,
    ),
    Class(
        "arp-for-the-other-link",
        Right.BOTH,
        "RFC 826, Packet Reception",
        "An ARP request on one link for the target's address on another: the kernel answers "
        "(arp_ignore 0), the stack does not.",
        "RFC 826 asks whether the receiver is the target protocol address and does not know of "
        "several interfaces; RFC 1122 §3.3.4.2 leaves open whether addresses belong to "
        "interfaces or to the host.",
        _foreign_arp,
    ),
    Class(
        "address-conflict",
        Right.STACK,
        "RFC 5227 §2.4",
        "An ARP packet that claims the target's own address: the stack defends it with an "
        "announcement, the kernel says nothing.",
        "A host must respond to a conflicting packet: give the address up or defend it. The "
        "kernel leaves that to programs.",
        _conflict,
    ),
    Class(
        "arp-request-from-a-group",
        Right.BOTH,
        "RFC 1812 §3.3.2, RFC 826",
        "An ARP request whose sender's link address is a group's or the broadcast address: the "
        "kernel replies to that address, the stack does not reply.",
        "Such an address must not be believed in a reply; of requests the text does not speak.",
        _from_group,
    ),
)
