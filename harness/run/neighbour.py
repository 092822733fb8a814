"""The tester as a neighbour: it answers ARP for its own addresses, so its kernel need not."""

from __future__ import annotations

from collections.abc import Callable

from harness.addresses import LinkPlan
from harness.decode import Frame
from harness.run.prepared import arp_reply


class Neighbour:
    """Answers ARP requests on one link for the tester's routers and on-link addresses."""

    def __init__(self, link: LinkPlan, muted: Callable[[str], bool]) -> None:
        """`muted` says which addresses are to stay unanswered for now."""
        routers = {link.gateway, link.second_gateway} - {None}
        self._own = frozenset(link.neighbours) | {router for router in routers if router}
        self._muted = muted

    def answer(self, frame: Frame) -> bytes | None:
        """The reply frame to an ARP request for one of the tester's addresses, else None.

        RFC 826: the target of the request is looked at; RFC 5227 §2.1.1: probes are not answered
        when they ask for an address that the tester does not have.
        """
        part = frame.parts.get("arp")
        if part is None:
            return None
        fields = part.fields
        target = fields["target"]
        if fields["operation"] != 1 or target not in self._own or self._muted(target):
            return None
        if fields["protocol_type"] != 0x0800 or fields["sender_mac"] == bytes(6):
            return None
        return arp_reply(target, fields["sender_mac"], fields["sender"])
