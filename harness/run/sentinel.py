"""The sentinel: what the target must answer, so that silence means something.

A host answers an echo on each link that the case uses. A router forwards one besides, from the
near side to the far side. Sentinels have addresses and an identifier of their own; nothing that
a case expects or forbids is confused with them.
"""

from __future__ import annotations

from collections.abc import Generator

from harness.addresses import tester_mac
from harness.case.model import Ambient, Topology
from harness.case.symbols import (
    FAR,
    FAR_HOST,
    FAR_HOST_MAC,
    FAR_SENTINEL,
    GATEWAY,
    HOST,
    HOST_MAC,
    NEAR,
    NEIGHBOUR,
    NEIGHBOUR_2,
    SENTINEL,
    Address,
)
from harness.run.bench import Arrival, Wait, Window
from harness.run.prepared import echo_packet, ethernet_frame
from harness.run.sharing import sends_arp
from harness.run.state import State, links_touched

DEFAULT_PATIENCE = 1.0
"""Seconds for an answer to a sentinel where the profile does not say `answer`."""
ECHO_REQUEST = 8
ECHO_REPLY = 0


def sentinel(state: State, *, introduce: bool = False) -> Generator[Wait, None, str | None]:
    """Send sentinels and wait for all answers; what is missing in words, or None.

    With `introduce` neighbours send some too, so that the target has met them.
    """
    state.sequence += 1
    wanted: list[tuple[int, int | None, str]] = []
    for neighbour in _strangers(state) if introduce else ():
        wanted.append((ECHO_REPLY, None, f"the echo from {neighbour.name}"))
        _send(state, NEAR, neighbour, HOST)
    for link in links_touched(state.case):
        own, target = (FAR_SENTINEL, FAR_HOST) if link == FAR else (_near_sender(state), HOST)
        if own not in state.view.lease.addresses:
            continue
        wanted.append((ECHO_REPLY, None, f"the echo to {target.name}"))
        _send(state, link, own, target)
    if state.case.topology is Topology.ROUTER:
        wanted.append((ECHO_REQUEST, FAR, "the datagram to be forwarded"))
        _send(state, NEAR, SENTINEL, FAR_SENTINEL)
    patience = state.bench.timers.get("answer", DEFAULT_PATIENCE)
    window = Window(state.bench, state.bench.now(), round(patience * 1_000_000))
    while True:
        open_ = [text for kind, link, text in wanted if not _answered(state, kind, link, wanted)]
        if not open_:
            return None
        if window.over:
            return _missing(state, open_)
        yield Wait(window.until)


def _strangers(state: State) -> list[Address]:
    """The neighbours that the target is to meet before a case begins.

    While it looks for one by ARP it need not keep more than one packet (RFC 1122 §2.3.2.2): of
    several answers only the last would come. Cases about ARP begin with strangers.
    """
    case = state.case
    if state.bench.virtual or case.mutes or Ambient.ARP in case.about or sends_arp(case):
        return []
    known = {_near_sender(state), SENTINEL}
    met = {state.view.lease.addresses.get(symbol) for symbol in known}
    addresses = state.view.lease.addresses
    return [n for n in (NEIGHBOUR, NEIGHBOUR_2) if n in addresses and addresses[n] not in met]


def _missing(state: State, open_: list[str]) -> str:
    said = f"no answer to {' nor to '.join(open_)}"
    if state.overflow:
        said += f" among the first {state.taken} frames; {state.overflow} more were not looked at"
    return said


def _near_sender(state: State) -> Address:
    """Where near sentinels come from: from behind the gateway unless the case silences that."""
    if GATEWAY in state.case.mutes and NEIGHBOUR_2 in state.view.lease.addresses:
        return NEIGHBOUR_2
    return SENTINEL


def _answered(
    state: State, kind: int, link: int | None, wanted: list[tuple[int, int | None, str]]
) -> bool:
    answers = [a for a in state.sentinels if _is_answer(a, kind, link, state.sequence)]
    return len(answers) >= sum(1 for other, _, _ in wanted if other == kind)


def _is_answer(arrival: Arrival, kind: int, link: int | None, sequence: int) -> bool:
    fields = arrival.frame.parts["icmp"].fields
    return (
        fields["type"] == kind
        and fields["sequence"] == sequence
        and (link is None or arrival.link == link)
    )


def _send(state: State, link: int, own: Address, target: Address) -> None:
    lease = state.view.lease
    source = lease.address(own)
    state.sources.add(source)
    packet = echo_packet(source, lease.address(target), lease.sentinel_identifier, state.sequence)
    if state.bare_ip:
        state.transmit(link, packet, "sentinel")
        return
    to = lease.link_address(FAR_HOST_MAC if link == FAR else HOST_MAC)
    own_mac = tester_mac(lease.next_hop(own))
    state.transmit(link, ethernet_frame(to, own_mac, packet), "sentinel")
