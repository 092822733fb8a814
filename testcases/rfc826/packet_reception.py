"""RFC 826, packet reception: what is answered, and what a host learns from what it hears."""

from __future__ import annotations

from harness.case import (
    ABSENT,
    BROADCAST_MAC,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    NEIGHBOUR_2,
    Ambient,
    Case,
    advance,
    arp,
    classify,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    ms,
    mute,
    send,
    silence,
    way,
)

NEW_MAC = bytes.fromhex("025400c0ffee")
"""A link address that NEIGHBOUR moves to."""
THIRD_MAC = bytes.fromhex("025400c0ffe2")
ABOUT_ARP = frozenset({Ambient.ARP})
TO_ALL = ether(dst=BROADCAST_MAC)
MUTE = (mute(NEIGHBOUR),)
ANSWERED = (
    send(arp(sender=NEIGHBOUR)),
    expect(arp(operation=2, sender=HOST, target=NEIGHBOUR)),
)
LEARNED = (*ANSWERED, advance(ms(50)))
"""The host has NEIGHBOUR's first link address from its request."""
ECHO = send(ip(src=NEIGHBOUR) / echo_request(data=b"where am I"))
REPLY = ip(src=HOST, dst=NEIGHBOUR) / echo_reply(data=b"where am I")
AT_FIRST = expect(ether(dst=mac(NEIGHBOUR)) / REPLY)
AT_NEW = expect(ether(dst=NEW_MAC) / REPLY)
HELD = (*LEARNED, ECHO, AT_FIRST, advance(ms(50)))
"""The host holds NEIGHBOUR's first link address; whether requests teach it is judged elsewhere."""
ASKED = arp(operation=1, target=NEIGHBOUR)

CASES: tuple[Case, ...] = (
    # Requests for the host's address are answered
    *(
        Case(
            f"rfc826-reception-answered-{name}",
            cites="826-recv-c",
            title=f"a request with {words} is answered to its sender alone",
            about=ABOUT_ARP,
            steps=(
                send(request),
                expect(
                    ether(dst=mac(NEIGHBOUR), src=HOST_MAC, ethertype=0x0806)
                    / arp(
                        hardware_type=1,
                        protocol_type=0x0800,
                        hardware_length=6,
                        protocol_length=4,
                        operation=2,
                        sender_mac=HOST_MAC,
                        sender=HOST,
                        target_mac=mac(NEIGHBOUR),
                        target=NEIGHBOUR,
                    )
                ),
            ),
        )
        for name, words, request in (
            ("target-zero", "a target link address of zeros", arp(target_mac=bytes(6))),
            ("target-ones", "a target link address of ones", arp(target_mac=b"\xff" * 6)),
            ("target-any", "any target link address", arp(target_mac=NEW_MAC)),
            ("target-own", "the host's as target link address", arp(target_mac=HOST_MAC)),
            ("unicast", "a frame to the host alone", ether(dst=HOST_MAC) / arp()),
        )
    ),
    Case(
        "rfc826-reception-answered-in-turn",
        cites="826-recv-c",
        title="two stations that ask in turn get an answer each",
        about=ABOUT_ARP,
        steps=(
            send(arp(sender=NEIGHBOUR)),
            expect(ether(dst=mac(NEIGHBOUR)) / arp(operation=2, target=NEIGHBOUR)),
            send(arp(sender=NEIGHBOUR_2)),
            expect(ether(dst=mac(NEIGHBOUR_2)) / arp(operation=2, target=NEIGHBOUR_2)),
        ),
    ),
    # What is not answered
    *(
        Case(
            f"rfc826-reception-ignored-{name}",
            cites="826-recv-d",
            title=f"{words} is not answered",
            about=ABOUT_ARP,
            control=ANSWERED,
            steps=(send(packet), silence()),
        )
        for name, words, packet in (
            ("other-target", "a request for an address that nobody has", arp(target=ABSENT)),
            ("neighbours-target", "a request for a neighbour", arp(target=NEIGHBOUR_2)),
            ("own-announcement", "an announcement", arp(sender=NEIGHBOUR, target=NEIGHBOUR)),
            ("hardware-zero", "a request of hardware type 0", arp(hardware_type=0)),
            ("hardware-seven", "a request of hardware type 7", arp(hardware_type=7)),
            ("hardware-unknown", "a request of hardware type 65535", arp(hardware_type=65535)),
            ("protocol-ipv6", "a request of protocol type 0x86DD", arp(protocol_type=0x86DD)),
            ("protocol-unknown", "a request of protocol type 0", arp(protocol_type=0)),
            ("operation-zero", "operation 0", arp(operation=0)),
            ("operation-three", "operation 3, which is RARP's", arp(operation=3)),
            ("operation-unknown", "operation 65535", arp(operation=65535)),
        )
    ),
    *(
        Case(
            f"rfc826-reception-reply-not-answered-{name}",
            cites="826-recv-e",
            title=f"a reply {words} is not answered",
            about=ABOUT_ARP,
            control=ANSWERED,
            steps=(send(packet), silence()),
        )
        for name, words, packet in (
            (
                "unicast",
                "to the host",
                ether(dst=HOST_MAC) / arp(operation=2, target_mac=HOST_MAC),
            ),
            ("broadcast", "to all that names the host", TO_ALL / arp(operation=2)),
        )
    ),
    # What is learned
    Case(
        "rfc826-reception-request-teaches",
        cites="826-recv-b",
        title="the sender of a request for the host is known afterwards: it need not be asked for",
        given=MUTE,
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(*LEARNED, ECHO, AT_FIRST, silence(of=TO_ALL / ASKED)),
    ),
    Case(
        "rfc826-reception-reply-teaches",
        cites="826-recv-b",
        title="the sender of a reply that the host did not ask for is known afterwards",
        given=MUTE,
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            send(ether(dst=HOST_MAC) / arp(operation=2, target_mac=HOST_MAC)),
            advance(ms(50)),
            ECHO,
            AT_FIRST,
        ),
    ),
    *(
        Case(
            f"rfc826-reception-not-for-us-{name}",
            cites="826-recv-b",
            title=f"whether a host learns of an unknown sender from {words} is observed",
            given=MUTE,
            about=ABOUT_ARP,
            rest_is_free=True,
            no_control="whatever the host does is right",
            steps=(
                send(packet),
                advance(ms(50)),
                ECHO,
                classify(
                    f"after {words} its sender is",
                    way("not known: asked for", ASKED),
                    way("known", ether(dst=mac(NEIGHBOUR)) / REPLY),
                ),
            ),
        )
        for name, words, packet in (
            ("request", "a request for somebody else", arp(target=ABSENT)),
            ("reply", "a reply to somebody else", TO_ALL / arp(operation=2, target=ABSENT)),
            ("announcement", "an announcement", arp(sender=NEIGHBOUR, target=NEIGHBOUR)),
        )
    ),
    *(
        Case(
            f"rfc826-reception-moved-{name}",
            cites="826-recv-a",
            title=f"an entry follows its station that has moved and sends {words}",
            given=MUTE,
            about=ABOUT_ARP,
            rest_is_free=True,
            provided=HELD,
            steps=(send(packet), ECHO, AT_NEW),
        )
        for name, words, packet in (
            ("request", "a request for the host", arp(sender_mac=NEW_MAC)),
            (
                "other-request",
                "a request for somebody else",
                arp(sender_mac=NEW_MAC, target=ABSENT),
            ),
            (
                "reply",
                "a reply to the host",
                ether(dst=HOST_MAC, src=NEW_MAC)
                / arp(operation=2, sender_mac=NEW_MAC, target_mac=HOST_MAC),
            ),
            (
                "other-reply",
                "a reply to somebody else",
                TO_ALL / arp(operation=2, sender_mac=NEW_MAC, target=ABSENT),
            ),
            (
                "announcement",
                "an announcement",
                arp(sender_mac=NEW_MAC, sender=NEIGHBOUR, target=NEIGHBOUR),
            ),
            (
                "announcing-reply",
                "an announcement in a reply",
                TO_ALL / arp(operation=2, sender_mac=NEW_MAC, target=NEIGHBOUR),
            ),
        )
    ),
    Case(
        "rfc826-reception-moved-twice",
        cites="826-recv-a",
        title="an entry follows its station to a third link address",
        given=MUTE,
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            *LEARNED,
            send(arp(sender_mac=THIRD_MAC)),
            ECHO,
            expect(ether(dst=THIRD_MAC) / REPLY),
            advance(ms(50)),
            send(arp(sender_mac=NEW_MAC)),
            ECHO,
            AT_NEW,
        ),
    ),
    *(
        Case(
            f"rfc826-reception-not-moved-{name}",
            cites="826-recv-d",
            title=f"{words} from a new link address does not change the entry",
            given=MUTE,
            about=ABOUT_ARP,
            rest_is_free=True,
            provided=HELD,
            steps=(send(packet), ECHO, AT_FIRST),
        )
        for name, words, packet in (
            (
                "hardware",
                "a request of hardware type 7",
                arp(hardware_type=7, sender_mac=NEW_MAC),
            ),
            (
                "protocol",
                "a request of protocol type 0x86DD",
                arp(protocol_type=0x86DD, sender_mac=NEW_MAC),
            ),
        )
    ),
)
