"""A look at the cable before an external target is judged.

Each trouble is one line that says what to do. What is looked for: an interface that can't be
used, no answer, two answers, addresses that are somebody else's, no way back to the tester's
networks, checksums that a network card should have finished.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Final, TypeAlias

from harness.addresses import LinkPlan, tester_mac
from harness.decode import Frame, decode
from harness.link.af_packet import PacketLink
from harness.target import probes
from harness.target.base import TargetError, TargetGone, Upper
from harness.target.interface import check_interface

ARP_PATIENCE: Final = 2.0
ECHO_PATIENCE: Final = 1.0
UDP_PATIENCE: Final = 1.0
AGAIN: Final = 0.5
"""Seconds after which an unanswered question is asked again."""
LINGER: Final = 0.25
"""Seconds in which a second answer would follow the first."""
UDP_PORT: Final = 40_000
SOCKET: Final = "preflight"

Wanted: TypeAlias = Callable[[Frame], bool]


def examine(link: LinkPlan, upper: Upper | None = None) -> LinkPlan:
    """The link with the target's link address, after all that can be seen was in order.

    Raises:
        TargetError: something is not; one line with what to do.
    """
    with closing(PacketLink(link.name)) as wire:
        check_interface(link)
        try:
            look = Look(link, wire)
            if not link.bare_ip:
                link = look.find_target()
            look.try_echo()
            if upper is not None:
                look.try_udp(upper)
        except TargetGone as gone:
            raise TargetError(f"{gone}") from gone
    return link


class Look:
    """One look at one link."""

    def __init__(self, link: LinkPlan, wire: PacketLink) -> None:
        self._link = link
        self._wire = wire
        on_link = (*link.neighbours, link.gateway, link.second_gateway)
        self._own = frozenset(address for address in on_link if address is not None)

    def find_target(self) -> LinkPlan:
        """Learn the target's link address.

        Raises:
            TargetError: nobody or two have the target's address, or others the tester's.
        """
        link = self._link
        questions = [probes.arp_question(self._neighbour, link.target)]
        conflicts = [
            probes.arp_question(probes.NOBODY, address)
            for address in sorted({*self._own, *link.absent})
        ]
        seen = self._ask(questions, ARP_PATIENCE, self._says_target, once=conflicts)
        self._refuse_conflicts(seen)
        macs = sorted({frame.get("arp", "sender_mac") for frame in filter(self._says_target, seen)})
        if not macs:
            raise TargetError(
                f"{link.target} does not answer ARP on {link.name} within {ARP_PATIENCE:g} s: "
                f"is it there, up, and on this subnet?"
            )
        if len(macs) > 1:
            both = " and ".join(mac.hex(":") for mac in macs)
            raise TargetError(f"two machines on {link.name} have {link.target}: {both}")
        self._link = replace(link, target_mac=macs[0])
        return self._link

    def try_echo(self) -> None:
        """See whether the target answers the tester's addresses of both kinds, once each.

        Raises:
            TargetError: it answers twice, or neighbours but not those behind the gateway, or
                nobody: without a sign of life no case can be judged.
        """
        link = self._link
        near = self._answers_echo(self._neighbour) if self._own else False
        far = False
        if link.remotes is not None:
            remote = _first_host(link.remotes)
            far = self._answers_echo(remote)
            if near and not far:
                raise TargetError(
                    f"{link.target} answers {self._neighbour} but not {remote}: it needs a route "
                    f"to {link.remotes} by {link.gateway}"
                )
        if not near and not far:
            arp = "" if link.bare_ip else "ARP, but "
            raise TargetError(
                f"{link.target} answers {arp}no echo request on {link.name}, the sign of life "
                f"that every case asks for: is there a firewall?"
            )

    def try_udp(self, upper: Upper) -> None:
        """See whether the target finishes its checksums.

        Raises:
            TargetError: it leaves them to its hardware.
        """
        link = self._link
        opened = upper.call("open_udp", {"socket": SOCKET, "port": UDP_PORT})
        if opened.error is not None:
            return
        try:
            to = {"to": self._neighbour, "port": UDP_PORT}
            upper.call("send_udp", {"socket": SOCKET, "octets": probes.ECHO_DATA, **to})
            seen = self._ask((), UDP_PATIENCE, self._is_udp)
        finally:
            upper.call("close", {"socket": SOCKET})
        if any(probes.is_unfinished(frame) for frame in seen):
            raise TargetError(
                f"{link.target} leaves checksums to its network hardware, and {link.name} sees "
                f"them unfinished: ethtool -K INTERFACE tx off, on the target"
            )

    @property
    def _neighbour(self) -> str:
        """An on-link address of the tester's; on a link without any, one behind it."""
        link = self._link
        if link.neighbours:
            return link.neighbours[0]
        return link.gateway or _first_host(link.remotes or link.target)

    def _refuse_conflicts(self, seen: Iterable[Frame]) -> None:
        theirs = {*self._own, *self._link.absent}
        for frame in seen:
            sender, mac = frame.get("arp", "sender"), frame.get("arp", "sender_mac")
            if sender in theirs and mac != tester_mac(sender):
                raise TargetError(
                    f"{sender} is to be the tester's to use, and {mac.hex(':')} on "
                    f"{self._link.name} answers for it"
                )

    def _answers_echo(self, source: str) -> bool:
        link = self._link
        packet, identifier = probes.echo_request(source, link.target)
        frame = packet
        if link.target_mac is not None:
            on_link = source if source in self._own else link.gateway or source
            frame = probes.in_ethernet(packet, tester_mac(on_link), link.target_mac)

        def is_reply(answer: Frame) -> bool:
            return bool(
                answer.get("icmp", "type") == 0
                and answer.get("icmp", "identifier") == identifier
                and answer.get("ip", "dst") == source
            )

        # Asked once only: the reply to a repetition would look like a second target.
        replies = [one for one in self._ask((), ECHO_PATIENCE, is_reply, [frame]) if is_reply(one)]
        if len(replies) > 1:
            raise TargetError(
                f"one echo request to {link.target} on {link.name} is answered "
                f"{len(replies)} times: is there a second machine, or a loop?"
            )
        return bool(replies)

    def _says_target(self, frame: Frame) -> bool:
        says = frame.get("arp", "operation"), frame.get("arp", "sender")
        return says == (2, self._link.target)

    def _is_udp(self, frame: Frame) -> bool:
        return "udp" in frame.parts and bool(frame.get("ip", "src") == self._link.target)

    def _ask(
        self,
        questions: Sequence[bytes],
        patience: float,
        wanted: Wanted,
        once: Sequence[bytes] = (),
    ) -> list[Frame]:
        """Ask, and again, until a wanted frame has come; all frames up to a while after it."""
        seen: list[Frame] = []
        self._send(once)
        end = time.monotonic() + patience
        found = False
        while not found and time.monotonic() < end:
            self._send(questions)
            again = min(end, time.monotonic() + AGAIN)
            while not found and time.monotonic() < again:
                found = self._collect(seen, again, wanted)
        linger = time.monotonic() + LINGER
        while found and time.monotonic() < linger:
            self._collect(seen, linger, wanted)
        return seen

    def _collect(self, seen: list[Frame], until: float, wanted: Wanted) -> bool:
        """Wait for frames and answer ARP; whether a wanted one was among them."""
        select.select([self._wire], [], [], max(0.0, until - time.monotonic()))
        frames = [decode(raw, bare_ip=self._link.bare_ip) for raw in self._wire.receive()]
        for frame in frames:
            answer = probes.arp_answer(frame, self._own)
            if answer is not None:
                self._wire.send(answer)
        seen += frames
        return any(wanted(frame) for frame in frames)

    def _send(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            self._wire.send(frame)


def _first_host(network: str) -> str:
    return str(IPv4Network(network, strict=False)[1])
