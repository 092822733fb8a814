"""RFC 1122 §2.3.2: the ARP cache: stale entries, floods of requests, packets that wait.

Where the tester must not answer for NEIGHBOUR by itself, the case mutes it and answers at its
own time, or never.
"""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    NEIGHBOUR_2,
    OPEN_PORT,
    TESTER_PORT,
    Ambient,
    Case,
    advance,
    arp,
    arp_lifetime,
    at_least,
    at_most,
    count,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    ms,
    mute,
    no_error_received,
    open_udp,
    seconds,
    send,
    send_udp,
    silence,
    udp,
)

NEW_MAC = bytes.fromhex("025400c0ffee")
"""A link address that NEIGHBOUR moves to."""
ABOUT_ARP = frozenset({Ambient.ARP})
ASKED = arp(operation=1, sender=HOST, target=NEIGHBOUR)
ECHO = send(ip(src=NEIGHBOUR) / echo_request())
REPLY = ip(src=HOST, dst=NEIGHBOUR) / echo_reply()
INTRODUCE = (
    send(arp(sender=NEIGHBOUR)),
    expect(arp(operation=2, sender=HOST, target=NEIGHBOUR)),
)
"""The host learns NEIGHBOUR's link address from its request (RFC 826)."""
ANSWER = send(arp(operation=2, sender=NEIGHBOUR, target=HOST, target_mac=HOST_MAC))
RESOLVE = (ECHO, expect(ASKED), ANSWER, expect(ether(dst=mac(NEIGHBOUR)) / REPLY))
"""The host asks for NEIGHBOUR's link address, and is told."""
TENTH_OF_LOAD = (
    send(
        *(
            ip(src=NEIGHBOUR) / udp() / data(b"nobody answers for me"),
            ip(src=NEIGHBOUR) / echo_request(),
            ip(src=NEIGHBOUR) / udp() / data(b"nobody answers for me"),
            ip(src=NEIGHBOUR) / echo_request(),
            ip(src=NEIGHBOUR) / echo_request(),
        )
    ),
    advance(ms(100)),
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-2.3.2.1-entry-verified",
        cites="1122-2.3.2.1-a",
        title="an entry that is past its time is verified when it is used",
        given=(mute(NEIGHBOUR), arp_lifetime(10)),
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            *RESOLVE,
            advance(seconds(11)),
            ECHO,
            count(ASKED, at_least(1), within=seconds(8)),
        ),
    ),
    Case(
        "rfc1122-2.3.2.1-entry-dropped",
        cites="1122-2.3.2.1-a",
        title="an entry whose station stays silent is dropped, and the address asked for anew",
        given=(mute(NEIGHBOUR), arp_lifetime(10)),
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            *RESOLVE,
            advance(seconds(11)),
            ECHO,
            advance(seconds(10)),
            ECHO,
            count(ether(dst=BROADCAST_MAC) / ASKED, at_least(1), within=seconds(2)),
        ),
    ),
    Case(
        "rfc1122-2.3.2.1-moved-station-found",
        cites="1122-2.3.2.1-a",
        title="a station that has moved to another link address is found there in the end",
        given=(mute(NEIGHBOUR), arp_lifetime(10)),
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            *RESOLVE,
            advance(seconds(11)),
            ECHO,
            advance(seconds(10)),
            send(ether(src=NEW_MAC) / ip(src=NEIGHBOUR) / echo_request(data=b"I have moved")),
            count(ether(dst=BROADCAST_MAC) / ASKED, at_least(1), within=seconds(2)),
            send(
                ether(src=NEW_MAC)
                / arp(
                    operation=2,
                    sender=NEIGHBOUR,
                    sender_mac=NEW_MAC,
                    target=HOST,
                    target_mac=HOST_MAC,
                )
            ),
            send(ether(src=NEW_MAC) / ip(src=NEIGHBOUR) / echo_request(data=b"here I am")),
            expect(
                ether(dst=NEW_MAC) / ip(src=HOST, dst=NEIGHBOUR) / echo_reply(data=b"here I am")
            ),
        ),
    ),
    Case(
        "rfc1122-2.3.2.1-lifetime-short",
        cites="1122-2.3.2.1-b",
        title="with a short lifetime set an entry is verified soon",
        given=(mute(NEIGHBOUR), arp_lifetime(4)),
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            *RESOLVE,
            advance(seconds(5)),
            ECHO,
            count(ASKED, at_least(1), within=seconds(8)),
        ),
    ),
    Case(
        "rfc1122-2.3.2.1-lifetime-long",
        cites="1122-2.3.2.1-b",
        title="with a long lifetime set an entry is not verified soon",
        given=(mute(NEIGHBOUR), arp_lifetime(120)),
        about=ABOUT_ARP,
        rest_is_free=True,
        no_control="the case of the short lifetime shows that requests come",
        steps=(
            *RESOLVE,
            advance(seconds(5)),
            ECHO,
            expect(ether(dst=mac(NEIGHBOUR)) / REPLY),
            silence(of=ASKED, within=seconds(8)),
        ),
    ),
    Case(
        "rfc1122-2.3.2.1-no-flood",
        cites="1122-2.3.2.1-c",
        title="fifty datagrams in a second to an unknown neighbour do not bring fifty requests",
        given=(mute(NEIGHBOUR),),
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            *(TENTH_OF_LOAD * 10),
            count(ASKED, at_most(10), within=ms(100)),
        ),
    ),
    Case(
        "rfc1122-2.3.2.1-one-request-a-second",
        cites="1122-2.3.2.1-d",
        title="an unknown neighbour is asked for no more often than once a second",
        given=(mute(NEIGHBOUR),),
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            *(TENTH_OF_LOAD * 50),
            # Fifty pauses of a busy tester add up to more than five seconds.
            count(ASKED, at_most(8), within=ms(500)),
        ),
    ),
    Case(
        "rfc1122-2.3.2.1-refreshed-by-any-broadcast",
        cites="1122-2.3.2.1-e",
        title="a broadcast request for a third station refreshes the entry of its sender",
        given=(mute(NEIGHBOUR),),
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            *INTRODUCE,
            ECHO,
            expect(ether(dst=mac(NEIGHBOUR)) / REPLY),
            advance(ms(50)),
            send(
                ether(src=NEW_MAC) / arp(sender=NEIGHBOUR, sender_mac=NEW_MAC, target=NEIGHBOUR_2)
            ),
            send(ether(src=NEW_MAC) / ip(src=NEIGHBOUR) / echo_request(data=b"moved")),
            expect(ether(dst=NEW_MAC) / ip(src=HOST, dst=NEIGHBOUR) / echo_reply(data=b"moved")),
        ),
    ),
    Case(
        "rfc1122-2.3.2.2-one-waits",
        cites="1122-2.3.2.2-a",
        title="a datagram that waits for a link address is sent once the answer has come",
        given=(mute(NEIGHBOUR),),
        about=ABOUT_ARP,
        steps=(
            ECHO,
            expect(ASKED),
            advance(ms(500)),
            silence(of=ip(dst=NEIGHBOUR)),
            ANSWER,
            expect(ether(dst=mac(NEIGHBOUR)) / REPLY),
        ),
    ),
    Case(
        "rfc1122-2.3.2.2-latest-waits",
        cites="1122-2.3.2.2-a",
        title="of three datagrams that wait for one link address at least the latest is sent",
        given=(mute(NEIGHBOUR),),
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            send(
                ip(src=NEIGHBOUR) / echo_request(sequence=1),
                ip(src=NEIGHBOUR) / echo_request(sequence=2),
                ip(src=NEIGHBOUR) / echo_request(sequence=3),
            ),
            expect(ASKED),
            advance(ms(300)),
            ANSWER,
            expect(ether(dst=mac(NEIGHBOUR)) / ip(dst=NEIGHBOUR) / echo_reply(sequence=3)),
        ),
    ),
    Case(
        "rfc1122-2.3.2.2-own-datagram-waits",
        cites="1122-2.3.2.2-a",
        title="UDP to a neighbour that is not known yet is sent once the answer has come",
        given=(mute(NEIGHBOUR),),
        about=ABOUT_ARP,
        steps=(
            open_udp("first", port=OPEN_PORT),
            send_udp("first", b"first", to=NEIGHBOUR, port=TESTER_PORT),
            expect(ASKED),
            advance(ms(300)),
            ANSWER,
            expect(ether(dst=mac(NEIGHBOUR)) / ip(dst=NEIGHBOUR) / udp() / data(b"first")),
        ),
    ),
    Case(
        "rfc1122-2.4-no-entry-no-error",
        cites="1122-2.4-c",
        title="that a neighbour is not in the cache is no error for those who send to it",
        given=(mute(NEIGHBOUR),),
        about=ABOUT_ARP,
        steps=(
            open_udp("first", port=OPEN_PORT),
            send_udp("first", b"first", to=NEIGHBOUR, port=TESTER_PORT, cites="1122-2.4-c"),
            expect(ASKED),
            no_error_received("first"),
            ANSWER,
            expect(ether(dst=mac(NEIGHBOUR)) / ip(dst=NEIGHBOUR) / udp() / data(b"first")),
        ),
    ),
)
