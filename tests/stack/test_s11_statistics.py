from __future__ import annotations

import pytest

from stack.counters import Counters


def moved(view: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in view.items() if value}


def test_a_nic_and_the_stack_move_together() -> None:
    stack = Counters()
    first, second = Counters(stack), Counters(stack)
    first.inc("ipSystemStatsInReceives")
    second.inc("IP.PacketsReceived", 2)
    assert first.get("IP.PacketsReceived") == 1
    assert second.get("ipSystemStatsInReceives") == 2
    assert moved(stack.mib()) == {"ipSystemStatsInReceives": 3}
    assert moved(stack.netstack()) == {"IP.PacketsReceived": 3}
    assert moved(second.mib(interface=True)) == {"ipIfStatsInReceives": 2}


def test_an_unknown_name_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Counters().inc("ipSystemStatsInRecieves")


def test_icmp_by_type() -> None:
    stack = Counters()
    nic = Counters(stack)
    nic.icmp_in(8)
    nic.icmp_in(200)
    nic.icmp_out(0)
    nic.icmp_in_error()
    nic.icmp_out_error()
    for counters in (nic, stack):
        assert moved(counters.mib()) == {
            "icmpStatsInMsgs": 3,
            "icmpStatsInErrors": 1,
            "icmpStatsOutMsgs": 2,
            "icmpStatsOutErrors": 1,
            "icmpMsgStatsInPkts.8": 1,
            "icmpMsgStatsInPkts.200": 1,
            "icmpMsgStatsOutPkts.0": 1,
        }
        assert moved(counters.netstack()) == {
            "ICMP.PacketsReceived.EchoRequest": 1,
            "ICMP.PacketsReceived.Invalid": 1,
            "ICMP.PacketsSent.EchoReply": 1,
            "ICMP.PacketsSent.RateLimited": 1,
        }


def test_the_shape_is_fixed() -> None:
    counters = Counters()
    names = set(counters.mib())
    assert {"ipSystemStatsReasmFails", "udpNoPorts", "icmpStatsOutMsgs"} <= names
    assert "IGMP.PacketsSent.LeaveGroup" in names
    assert not moved(counters.mib())
    for name in (*counters.mib(), *counters.netstack()):
        counters.inc(name)
    assert set(counters.mib()) == names
