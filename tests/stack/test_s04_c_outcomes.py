"""Section 4, S4.27 to S4.30: what comes of a problem, and what others see of option work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.choices import SecurityRule
from stack.inbound import Inbound
from stack.option_work import run_options
from stack.options import Use
from stack.policy import NETSTACK_LATER, RFC, Policy
from stack.security_option import (
    BasicSecurity,
    ExtendedSecurity,
    parse_basic_security,
    parse_extended_security,
)
from stack.wire.icmp import PARAMETER_PROBLEM, PORT_UNREACHABLE, PROTOCOL_UNREACHABLE
from stack.wire.ipv4 import Ipv4Packet, parse_ipv4
from tests.stack.icmp_kit import HOUR_MS, Watch, message, octets
from tests.stack.node_kit import HOST, Wire, datagram, ping, quad, udp
from tests.stack.preset_kit import both_netstacks, each_preset

WORKED = [
    ("1 1 1 68", 4, 23, 23),
    ("68 0", 8, 20, 21),
    ("68 1", 8, 20, 21),
    ("68 9", 8, 20, 21),
    ("68 3 5 0", 4, 21, 21),
    ("68 7 5 0", 8, 22, 21),
    ("68 8 4 0", 8, 22, 22),
    ("68 12 13 0xF1", 12, 23, 23),
    ("68 20 17 1", 20, 22, 22),
    ("7 3 4 0", 4, 21, None),
    ("7 8 0", 8, 22, 22),
    ("7 8 8", 8, 22, 21),
    ("7 7 8 1 2 3 4 7 7 8 1 2 3 4", 16, 27, 27),
    ("148 4 0 1", 4, 22, None),
    ("148 3 0 0", 4, 21, 21),
    ("68 4 5 0xF0", 4, 23, 23),
    ("68 8 5 2", 8, 23, 23),
    ("131 7 8 1 2 3 4 131 7 8 1 2 3 4", 16, 27, 27),
    ("131 7 4 1 2 3 4 131 7 4 1 2 3 4", 16, 27, 27),
    ("68 12 13 0xF3", 12, None, 23),
    ("68 12 13 0x11 1 2 3 4 5 6 7 8 0 10 3 99", 16, None, None),
]
"""Area, its size, the pointer in NETSTACK, the pointer under the RFCs; None: accepted."""


@each_preset
@pytest.mark.parametrize(("text", "size", "netstack", "rfc"), WORKED)
@pytest.mark.parametrize("kind", ["echo", "timestamp", "udp", "fragment"])
def test_s4_27_worked_pointers(
    policy: Policy, text: str, size: int, netstack: int | None, rfc: int | None, kind: str
) -> None:
    wire = Wire(policy)
    area = octets(text, size)
    sent = {
        "echo": ping(options=area),
        "timestamp": datagram(message(13, data=bytes(12)), options=area),
        "udp": udp(options=area),
        "fragment": datagram(bytes(8), 17, flags=1, options=area),
    }[kind]
    watch = Watch(wire)
    wire.ip(sent)
    found = [each.icmp for each in wire.sent()]
    problems = [each for each in found if each.type == PARAMETER_PROBLEM]
    wanted = rfc if policy is RFC else netstack
    moved = watch.moved()
    if wanted is None:
        assert problems == []
        assert "IP.MalformedPacketsReceived" not in moved
        return
    assert found == problems
    assert [(each.code, each.rest) for each in found] == [(0, bytes((wanted, 0, 0, 0)))]
    assert moved["IP.MalformedPacketsReceived"] == 1
    assert moved.get("MalformedRcvdPackets", 0) == int(policy is not NETSTACK_LATER)
    assert moved["ICMP.PacketsSent.ParamProblem"] == 1
    # S5.3: nothing is counted by type then.
    assert not any(name.startswith("ICMP.PacketsReceived") for name in moved)


@each_preset
def test_s4_28_the_first_problem_ends_the_pass(policy: Policy) -> None:
    wire = Wire(policy)
    area = octets("7 7 4 0 0 0 0 68 4 4 0 68 4 9 9 0")
    watch = Watch(wire)
    sent = udp(options=area)
    wire.ip(sent)
    error = wire.one().icmp
    assert error.pointer == 20 + 7 + 2
    # as received: the route before it is not recorded in the quote
    assert error.data == sent
    moved = watch.moved()
    assert moved["IP.OptionRecordRouteReceived"] == 1
    assert moved["IP.OptionTimestampReceived"] == 1


@each_preset
@pytest.mark.parametrize("protocol", [17, 253])
def test_s4_29_quotes_show_what_option_work_made(policy: Policy, protocol: int) -> None:
    """S14.15: under the RFCs as received."""
    wire = Wire(policy)
    area = octets("7 7 4 0 0 0 0 0 9 9 9 9")
    sent = udp(options=area) if protocol == 17 else datagram(b"12345678", 253, options=area)
    wire.ip(sent)
    error = wire.one().icmp
    assert error.code == (PORT_UNREACHABLE if protocol == 17 else PROTOCOL_UNREACHABLE)
    written = bytes((7, 7, 8)) + quad(HOST) + bytes(5)
    # the header checksum is left as it was
    assert error.data == (sent if policy is RFC else sent[:20] + written + sent[32:])


@both_netstacks
def test_s4_30_forward_and_receive_use_give_two_entries(policy: Policy) -> None:
    """A datagram for another NIC's address of the same stack (S8.4)."""
    wire = Wire(policy)
    wire.second_nic()
    wire.frames()
    core = wire.node._core
    area = octets("7 11 4 0 0 0 0 0 0 0 0 68 12 5 0 0 0 0 0 0 0 0 0 0")
    packet = parse_ipv4(udp(options=area, destination="203.0.113.1"))
    assert isinstance(packet, Ipv4Packet)
    inbound = Inbound(core.nics[1], packet.header, packet.payload, packet.octets)
    assert run_options(core, inbound, Use.FORWARD) is not None
    inbound.nic = core.nics[2]
    assert run_options(core, inbound, Use.RECEIVE) is not None
    written = inbound.header.options
    time = HOUR_MS.to_bytes(4, "big")
    assert written[:11] == bytes((7, 11, 12)) + quad(HOST) + quad("203.0.113.1")
    assert written[11:23] == bytes((68, 12, 13, 0)) + time + time
    assert inbound.octets[20:44] == written


# RFC 1108: both security options, read where the policy requires the basic one


def test_basic_security_options_are_read() -> None:
    assert parse_basic_security(b"\x82\x03\xab") == BasicSecurity("unclassified", 0)
    assert parse_basic_security(b"\x82\x04\x3d\xf8") == BasicSecurity("top secret", 0xF8)
    assert parse_basic_security(b"\x82\x05\x5a\x81\x00") == BasicSecurity("secret", 0x80)
    for bad in (b"\x82\x02", b"\x82\x03\x01", b"\x82\x04\x96\x01", b"\x82\x05\x96\x00\x00",
                b"\x82\x04\x96\x04", b"\x82\x05\x96\x01\x80"):  # fmt: skip
        assert parse_basic_security(bad) is None, bad
    assert parse_extended_security(b"\x85\x02") is None
    assert parse_extended_security(b"\x85\x04\x07x") == ExtendedSecurity(7, b"x")


def test_a_host_may_require_the_basic_security_option() -> None:
    wire = Wire(replace(RFC, basic_security=SecurityRule.REQUIRE))
    label = b"\x82\x03\xab\1"
    # RFC 1108 §2.8.1: code 1, the type that is missing, and a label in the response.
    for area in (b"", octets("1 7 7 8 1 2 3 4"), octets("0 130 3 171")):
        watch = Watch(wire)
        wire.ip(udp(options=area))
        error = wire.one()
        assert error.icmp_fields[:3] == (PARAMETER_PROBLEM, 1, bytes((130, 0, 0, 0)))
        assert error.header.options == label[:3] + b"\0"
        assert watch.moved()["IP.MalformedPacketsReceived"] == 1
    for area, at in ((b"\1\x82\x03\1", 21), (label + b"\x85\x02\1\1", 24)):
        wire.ip(udp(options=area))
        assert wire.one().icmp_fields[:3] == (PARAMETER_PROBLEM, 0, bytes((at, 0, 0, 0)))
    # RFC 1108 §2.8: ICMP gets no response at all.
    wire.ip(ping())
    assert wire.sent() == []
    # A broken area is judged as ever, a labelled datagram is served.
    for area in (b"\1\1\1\x82", b"\x82\0\1\1"):
        wire.ip(udp(options=area))
        assert wire.one().icmp_fields[:2] == (PARAMETER_PROBLEM, 0)
    wire.ip(ping(options=label + b"\x5e\x04\1\1"))
    assert wire.one().icmp.type == 0


def test_security_options_are_carried_unread_unless_required() -> None:
    wire = Wire(RFC)
    raw = wire.node.raw_socket(253)
    area = b"\x82\x03\1\x85\x02\x88\x04\0\1\x85\x02\1"
    sent = datagram(b"", 253, options=area)
    wire.ip(sent)
    got = raw.receive()
    assert got is not None
    assert got.octets == sent
    wire.second_nic()
    wire.frames()
    wire.ip(datagram(b"", 253, options=area, destination="203.0.113.9"))
    assert wire.one().header.options == area
