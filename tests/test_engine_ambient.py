"""Traffic that belongs to nobody unless a case is about it, and what is left unanswered."""

from __future__ import annotations

from typing import Any

from harness.case import (
    ABSENT,
    FAR,
    FAR_TESTER,
    GATEWAY,
    GROUP,
    HOST,
    NEIGHBOUR,
    Topology,
    arp,
    default_ttl,
    echo_reply,
    echo_request,
    expect,
    forwarding,
    igmp,
    ip,
    join,
    mute,
    open_udp,
    send,
    silence,
    udp,
)
from harness.case.model import Ambient
from harness.verdict import Verdict
from tests.scripted import (
    CUE,
    case,
    run,
    said,
    scripted,
)

ECHO = (send(ip() / echo_request()), expect(ip() / echo_reply()))


def test_arp_is_nobodys_business_unless_the_case_is_about_it() -> None:
    asks = send(ip(src=NEIGHBOUR) / echo_request())
    answered = expect(ip(dst=NEIGHBOUR) / echo_reply())
    assert run(case(asks, answered)).verdict is Verdict.PASS
    about: dict[str, Any] = {"about": frozenset({Ambient.ARP})}
    assert run(case(asks, answered, **about)).verdict is Verdict.FAIL
    asked = expect(arp(operation=1, sender=HOST, target=NEIGHBOUR))
    assert run(case(asks, asked, answered, **about)).verdict is Verdict.PASS
    assert run(case(asks, asked, answered)).verdict is Verdict.FAIL


def test_a_mute_neighbour_is_asked_in_vain() -> None:
    asks = send(ip(src=NEIGHBOUR) / echo_request())
    quiet: dict[str, Any] = {"given": (mute(NEIGHBOUR),)}
    result = run(case(asks, silence(of=ip() / echo_reply()), rest_is_free=True, **quiet))
    assert result.verdict is Verdict.PASS
    replies = [e for e in result.trace.entries if e.text == "neighbour" and e.step is None]
    assert all((e.frame or b"")[28:32] != b"\xc0\x00\x02\x0a" for e in replies)
    result = run(case(asks, expect(ip() / echo_reply()), **quiet))
    assert result.verdict is Verdict.FAIL


def test_a_mute_gateway_does_not_silence_the_sentinel() -> None:
    result = run(case(ECHO[0], silence(), given=(mute(GATEWAY),)))
    assert result.verdict is Verdict.PASS


def test_nobody_answers_for_an_absent_neighbour() -> None:
    asks = send(ip(src=ABSENT) / echo_request())
    result = run(case(asks, silence(of=ip(dst=ABSENT)), rest_is_free=True))
    assert result.verdict is Verdict.PASS


def test_igmp_is_nobodys_business_unless_the_case_is_about_it() -> None:
    joins = (open_udp("s"), join("s", GROUP))
    assert run(case(*joins)).verdict is Verdict.PASS
    about: dict[str, Any] = {"about": frozenset({Ambient.IGMP})}
    assert run(case(*joins, **about)).verdict is Verdict.FAIL
    report = expect(ip(src=HOST) / igmp())
    assert run(case(*joins, report, rest_is_free=True, **about)).verdict is Verdict.PASS
    assert run(case(*joins, report)).verdict is Verdict.FAIL


def test_datagrams_to_the_routers_are_ambient_unless_the_case_is_about_them() -> None:
    ill = scripted(said(1, ip(src=HOST, dst=GATEWAY) / udp(sport=5, dport=6)))
    assert run(case(CUE, silence()), ill).verdict is Verdict.PASS
    about: dict[str, Any] = {"about": frozenset({Ambient.GATEWAY})}
    wanted = expect(ip(dst=GATEWAY) / udp())
    assert run(case(CUE, wanted, **about), ill).verdict is Verdict.PASS
    assert run(case(CUE, wanted), ill).verdict is Verdict.FAIL
    assert run(case(CUE, silence(), **about), ill).verdict is Verdict.PASS


def test_datagrams_of_others_are_nobodys_business() -> None:
    ill = scripted(said(1, ip(src=HOST, dst="203.0.113.200") / udp(sport=5, dport=6)))
    assert run(case(CUE, silence()), ill).verdict is Verdict.PASS
    mine = scripted(said(1, ip(src=HOST, dst="203.0.113.200") / udp()))
    assert run(case(CUE, silence()), mine).verdict is Verdict.FAIL


def test_settings_reach_the_target() -> None:
    one = case(ECHO[0], expect(ip(ttl=9) / echo_reply()), given=(default_ttl(9),))
    assert run(one).verdict is Verdict.PASS
    through = (
        send(ip(dst=FAR_TESTER) / udp()),
        expect(ip(dst=FAR_TESTER) / udp(), on=FAR),
    )
    apart = case(*through, topology=Topology.MULTIHOMED)
    assert run(apart).verdict is Verdict.FAIL
    joined = case(*through, topology=Topology.MULTIHOMED, given=(forwarding(enabled=True),))
    assert run(joined).verdict is Verdict.PASS
