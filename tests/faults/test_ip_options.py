"""Faults of the socket calls for IP options, and of TCP where options and ICMP errors meet it."""

from __future__ import annotations

import pytest

from stack import deliver
from tests.faults.framework import Fault, judged, replaced, wrapped
from tests.faults.icmp_udp_kit import chosen
from tests.faults.options_kit import (
    added,
    always_told,
    any_connection,
    bare_connect,
    bare_header,
    cut_to_fit,
    first_hop_kept,
    for_everybody,
    getting,
    header_cut_off,
    later_route_wins,
    mortal,
    never_cleared,
    no_room,
    none_with_options,
    once_sent,
    setting,
    soft_is_hard,
    taken_from_received,
    unjudged,
    way_back_stays,
)
from tests.faults.wires import rows

FAULTS: tuple[Fault, ...] = (
    Fault(
        "what is set is added to what was set",
        {"sockets-get-a", "sockets-set-b"},
        wrapped("stack.socket_base.Socket.set_options", added),
    ),
    Fault("no octets clear nothing", {"sockets-accept-d", "sockets-set-c"}, setting(never_cleared)),
    Fault(
        "options go out once",
        rows(
            """
            1122-3.2.1.8-a sockets-get-a sockets-set-a sockets-set-b
            """
        ),
        wrapped("stack.socket_base.Socket._prepare", once_sent),
    ),
    Fault(
        "options that are too long are cut",
        {"sockets-limit-a"},
        wrapped("stack.socket_base.take_user_options", cut_to_fit),
    ),
    Fault(
        "options are taken whatever their lengths",
        {"1122-3.2.1.8c-e", "sockets-refuse-a"},
        wrapped("stack.socket_base.take_user_options", unjudged),
    ),
    Fault(
        "the first hop stays in the option",
        rows(
            """
            1122-3.2.1.8-a 1122-3.2.1.8c-a 1122-3.2.1.8c-g 1122-4.2.3.8-c
            1122-4.2.3.8-d sockets-accept-d sockets-route-a sockets-set-a
            """
        ),
        wrapped("stack.socket_base.take_user_options", first_hop_kept),
        blinds=rows(
            """
            sockets-limit-route-of-ten-addresses
            sockets-refuse-two-routes-around-a-record-route
            sockets-refuse-two-routes-both-loose
            sockets-refuse-two-routes-loose-and-strict
            """
        ),
    ),
    Fault("options of one socket are those of all", {"sockets-set-e"}, for_everybody()),
    Fault(
        "nothing can be got",
        rows(
            """
            sockets-get-a sockets-get-c sockets-set-b sockets-udp-a
            """
        ),
        getting(lambda original, socket, size=None: b""),
    ),
    Fault(
        "the size of a buffer is not heeded",
        {"sockets-get-c"},
        getting(lambda original, socket, size=None: original(socket)),
    ),
    Fault(
        "a UDP socket takes over what was received",
        {"sockets-udp-a"},
        wrapped("stack.udp_socket.UdpSocket.put", taken_from_received),
    ),
    Fault(
        "options in a header of the user's are lost",
        {"sockets-raw-b", "sockets-set-c"},
        wrapped("stack.raw_socket.send_from_socket", bare_header),
    ),
    Fault(
        "a raw socket reads no options",
        {"1122-3.4-c", "sockets-raw-c"},
        wrapped("stack.raw_socket.RawSocket.put", header_cut_off),
    ),
    Fault(
        "options are told to who does not want them",
        {"sockets-recv-a"},
        wrapped("stack.udp_socket.UdpSocket.put", always_told),
    ),
    Fault(
        "the way back of a connection can't be changed",
        rows(
            """
            sockets-accept-d sockets-get-a sockets-set-b sockets-set-c
            """
        ),
        wrapped("stack.tcp_socket.TcpSocket.set_options", way_back_stays),
    ),
    Fault(
        "connections are answered straight",
        rows(
            """
            1122-3.2.1.8c-d 1122-4.2.3.8-b 1122-4.2.3.8-e sockets-accept-d
            """
        ),
        replaced("stack.tcp_listen.way_back", lambda inbound: None),
        blinds=rows(
            """
            rfc1122-4.2.3.8-two-routes-never-sent
            """
        ),
    ),
    Fault(
        "the first source route of a connection stays",
        {"1122-4.2.3.8-e"},
        replaced("stack.tcp_input.take_return_route", lambda connection, inbound: None),
    ),
    Fault(
        "the last source route of a connection wins",
        {"1122-4.2.3.8-d", "sockets-accept-d"},
        replaced("stack.tcp_input.take_return_route", later_route_wins),
    ),
    Fault(
        "an active open forgets options",
        rows(
            """
            1122-3.2.1.8-a 1122-3.2.1.8c-a 1122-3.2.1.8c-g 1122-4.2.3.8-c
            1122-4.2.3.8-d sockets-route-a sockets-set-a
            """
        ),
        wrapped("stack.tcp_socket.TcpSocket.connect", bare_connect),
    ),
    Fault(
        "TCP drops what has other options than routes",
        {"1122-4.2.3.8-a"},
        replaced("stack.deliver._PROTOCOLS", {**deliver._PROTOCOLS, 6: none_with_options}),
    ),
    Fault(
        "segments leave no room for options",
        {"1122-4.2.2.6-a"},
        wrapped("stack.tcp_output.segment_size", no_room),
    ),
    Fault("TTL 0 goes out", {"1122-3.2.1.7-a"}, chosen(ttl_zero_stays=False)),
    Fault("an undefined IGMP type ends the stack", {"1122-1.2.2-a"}, wrap=mortal),
    Fault("every ICMP error ends a connection", {"1122-4.2.3.9-a"}, soft_is_hard()),
    Fault(
        "hard errors are soft",
        rows(
            """
            1122-3.2.2.1-e 1122-3.2.2.1-f 1122-4.2.3.9-b 1122-4.2.3.9-c
            """
        ),
        replaced("stack.tcp_errors._HARD_CODES", frozenset()),
    ),
    Fault(
        "errors end the oldest connection",
        {"1122-4.2.3.9-b"},
        wrapped("stack.tcp_errors._find", any_connection),
    ),
    Fault(
        "connections to broadcast addresses are begun",
        {"1122-4.2.3.10-c"},
        replaced("stack.tcp_socket.TcpSocket._choose_source", lambda socket, remote: 0xC0000201),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""
