"""An address that is given up, and what is no address at all (RFC 5227 §2.1, §2.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.address_trials import Change
from stack.choices import Defence
from stack.policy import RFC
from stack.refusal import Reason
from stack.tcp_connection import State
from stack.tcp_socket import TcpSocket
from stack.wire.arp import arp_request
from stack.wire.tcp import ACK, RST, SYN, add
from tests.stack.link_kit import OTHER_MAC
from tests.stack.node_kit import HOST, PEER, Wire, a, refusal
from tests.stack.tcp_kit import segment_of, tcp

SECOND_ADDRESS = "192.0.2.50"


def connection_from(wire: Wire, local: str) -> TcpSocket:
    socket = wire.node.tcp_socket()
    socket.bind(local, 4000)
    socket.connect(PEER, 9)
    syn = segment_of(wire.one())
    answer = tcp(
        SYN | ACK,
        acknowledgment=add(syn.sequence, 1),
        source_port=9,
        port=4000,
        destination=local,
    )
    wire.ip(answer)
    wire.frames()
    return socket


def test_connections_of_an_address_are_reset_before_it_is_given_up() -> None:
    wire = Wire(replace(RFC, address_defence=Defence.ABANDON))
    wire.node.add_address(1, SECOND_ADDRESS, 24)
    lost = connection_from(wire, HOST)
    kept = connection_from(wire, SECOND_ADDRESS)
    wire.arp(arp_request(OTHER_MAC, a(HOST), a(PEER)))
    sent = wire.one()
    assert sent.header.source == a(HOST)
    assert segment_of(sent).flags & RST
    assert lost.state is State.CLOSED
    assert lost.take_error() is Reason.BAD_LOCAL_ADDRESS
    assert kept.state is State.ESTABLISHED
    (event,) = wire.node.address_events()
    assert (event.address, event.change) == (HOST, Change.LOST)


@pytest.mark.parametrize(("address", "length"), [(1 << 32, 24), (-1, 24), (a(HOST), 33)])
def test_what_is_no_address_is_not_tried(address: int, length: int) -> None:
    wire = Wire()
    tried = refusal(lambda: wire.node.add_address(1, address, length, probe=True))
    assert tried is Reason.INVALID_ARGUMENT
    assert wire.node.tentative_addresses(1) == []
