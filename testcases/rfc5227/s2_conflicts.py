"""RFC 5227 §2.4 and §2.5: a host that uses an address answers probes, and may defend it."""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    TESTER,
    Ambient,
    Case,
    arp,
    at_most,
    classify,
    count,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    seconds,
    send,
    silence,
    way,
)

ABOUT_ARP = frozenset({Ambient.ARP})
OTHER_MAC = bytes.fromhex("025400c0ffee")
"""Of a station that believes that the host's address is its own."""
PROBE = arp(sender="0.0.0.0", sender_mac=mac(NEIGHBOUR))
CONFLICT = arp(sender=HOST, sender_mac=OTHER_MAC, target=HOST)
ANNOUNCEMENT = ether(dst=BROADCAST_MAC, src=HOST_MAC) / arp(
    operation=1, sender=HOST, sender_mac=HOST_MAC, target=HOST
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc5227-2.5-probe-answered-{name}",
            cites="5227-2.5-a",
            title=f"an ARP probe for the host's address in {words} is answered",
            about=ABOUT_ARP,
            steps=(
                send(frame / PROBE),
                expect(arp(operation=2, sender_mac=HOST_MAC, sender=HOST, target="0.0.0.0")),
            ),
        )
        for name, words, frame in (
            ("broadcast", "a frame to all", ether(dst=BROADCAST_MAC)),
            ("unicast", "a frame to the host", ether(dst=HOST_MAC)),
        )
    ),
    Case(
        "rfc5227-2.5-probe-for-others",
        cites="826-recv-d",
        title="an ARP probe for another address is not answered",
        about=ABOUT_ARP,
        control=(
            send(PROBE),
            expect(arp(operation=2, sender_mac=HOST_MAC, sender=HOST, target="0.0.0.0")),
        ),
        steps=(
            send(arp(sender="0.0.0.0", sender_mac=mac(NEIGHBOUR), target=NEIGHBOUR)),
            silence(of=arp(operation=2, sender_mac=HOST_MAC)),
        ),
    ),
    Case(
        "rfc5227-2.5-probe-not-learned",
        cites="5227-2.5-b",
        title="after a probe nothing is sent to its sender as 0.0.0.0",
        about=ABOUT_ARP,
        no_control="an entry for 0.0.0.0 is never right",
        steps=(
            send(PROBE),
            expect(arp(operation=2, sender=HOST, target="0.0.0.0")),
            send(ether(src=mac(NEIGHBOUR)) / ip(src="0.0.0.0") / echo_request()),
            silence(of=ether(dst=mac(NEIGHBOUR)) / ip(dst="0.0.0.0")),
        ),
    ),
    Case(
        "rfc5227-2.4-conflict",
        cites="5227-2.4-a",
        title="whether a host defends its address against another station is observed",
        about=ABOUT_ARP,
        no_control="a host need not implement conflict detection",
        steps=(
            send(CONFLICT),
            classify(
                "a request from the host's own address",
                way("met by an announcement", ANNOUNCEMENT),
                way("met by silence", None),
            ),
        ),
    ),
    Case(
        "rfc5227-2.4-one-defence",
        cites="5227-2.4-a",
        title="a second conflict within ten seconds does not bring a second announcement",
        about=ABOUT_ARP,
        provided=(send(CONFLICT), expect(ANNOUNCEMENT)),
        no_control="the probe shows that the first conflict brings one",
        steps=(
            send(CONFLICT),
            count(ANNOUNCEMENT, at_most(0), within=seconds(3)),
        ),
    ),
    Case(
        "rfc5227-2.4-conflict-survived",
        cites="5227-2.4-a",
        title="a host that defended its address goes on using it",
        about=ABOUT_ARP,
        provided=(send(CONFLICT), expect(ANNOUNCEMENT)),
        rest_is_free=True,
        steps=(
            send(ip() / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
    ),
)
