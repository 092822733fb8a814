"""Which cases run alone, which need addresses on a link, and how long they wait."""

from __future__ import annotations

from typing import Any

import pytest

from harness.case import (
    ABSENT,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    GATEWAY,
    HOST,
    NEIGHBOUR,
    NEIGHBOUR_2,
    REASSEMBLY,
    REMOTE,
    Case,
    advance,
    arp,
    classify,
    count,
    counters,
    data,
    echo_reply,
    echo_request,
    error_received,
    ether,
    expect,
    expect_train,
    fragments,
    ip,
    loose_source_route,
    mac,
    ms,
    mute,
    no_error_received,
    nothing_received,
    one_of,
    open_udp,
    pad,
    received,
    seconds,
    send,
    send_udp,
    silence,
    truncate,
    udp,
    unreachable,
    way,
)
from harness.case.match import between
from harness.case.model import Ambient
from harness.run.sharing import longest_seconds, runs_alone, uses_on_link
from harness.target.base import Offers

ECHO = (send(ip() / echo_request()), expect(ip() / echo_reply()))
TIMERS = {"settle": 0.25, "reassembly": 60.5}
OPEN = Offers(frozenset(), frozenset(), frozenset())
EXACT = Offers(
    frozenset(), frozenset(), frozenset(), counters=True, exact_counters=frozenset({"udpInErrors"})
)
HIDDEN = Offers(
    frozenset(), frozenset(), frozenset(), closed_counters=True, exact_counters=EXACT.exact_counters
)
CLOSED = Offers(frozenset(), frozenset(), frozenset(), counters=True, closed_counters=True)


def case(*steps: Any, **more: Any) -> Case:
    return Case("rfc791-x-shared", "791-3.1.ver-a", "a case", steps or ECHO, **more)


@pytest.mark.parametrize(
    ("counted", "offers", "alone"),
    [
        (None, CLOSED, False),
        (counters(udpInErrors=1), CLOSED, True),
        (counters(udpInErrors=1), EXACT, True),
        (counters(udpNoPorts=1), EXACT, False),
        (counters(udpNoPorts=1), CLOSED, True),
        (counters(udpInErrors=1), OPEN, False),
        (counters(udpInErrors=1), HIDDEN, False),
    ],
)
def test_cases_whose_counters_are_judged_run_alone(
    counted: Any, offers: Offers, alone: bool
) -> None:
    assert runs_alone(case(counters=counted), offers) is alone


@pytest.mark.parametrize(
    ("one", "alone"),
    [
        (case(), False),
        (case(about=frozenset({Ambient.ARP})), False),
        (case(about=frozenset({Ambient.IGMP})), True),
        (case(about=frozenset({Ambient.GATEWAY})), True),
        (case(about=frozenset({Ambient.ARP, Ambient.IGMP})), True),
        (case(given=(mute(NEIGHBOUR),)), False),
        (case(given=(mute(ABSENT),)), False),
        (case(given=(mute(GATEWAY),)), True),
        (case(send(arp())), False),
        (case(send(arp(sender=NEIGHBOUR))), False),
        (case(send(arp(sender=GATEWAY))), True),
        (case(send(arp(sender=HOST))), True),
        (case(send(arp(sender="192.0.2.9"))), True),
        (case(send(ether() / arp(sender=HOST))), True),
        (case(send(pad(arp(sender=HOST), bytes(18)))), True),
        (case(*ECHO, control=(send(arp(sender=HOST)), *ECHO)), True),
        (case(*ECHO, provided=(send(arp(sender=HOST)), *ECHO)), True),
        (case(send(arp()), expect(arp(sender=HOST))), False),
    ],
)
def test_cases_that_touch_what_a_host_shares_run_alone(one: Case, alone: bool) -> None:
    assert runs_alone(one, OPEN) is alone


@pytest.mark.parametrize(
    ("one", "uses"),
    [
        (case(), False),
        (case(send(ip(src=REMOTE) / udp()), expect(ip(dst=FAR_TESTER) / udp())), False),
        (case(send(ip(src=NEIGHBOUR) / udp())), True),
        (case(expect(ip(dst=ABSENT) / udp())), True),
        (case(expect(ip(dst=one_of(REMOTE, FAR_NEIGHBOUR)) / udp())), True),
        (case(send(ether(src=mac(NEIGHBOUR_2)) / ip() / udp())), True),
        (case(send(ip(options=(loose_source_route(NEIGHBOUR),)) / udp())), True),
        (case(send(ip() / unreachable(3, quote=ip(src=NEIGHBOUR) / udp()))), True),
        (case(send(fragments(ip(src=NEIGHBOUR) / udp(), (0, 8)))), True),
        (case(send(fragments(ip() / udp(), (0, 8), headers=((0, ip(src=ABSENT)),)))), True),
        (case(send(truncate(ip(src=NEIGHBOUR) / udp(), 20))), True),
        (case(silence(of=ip(dst=ABSENT))), True),
        (case(classify("x", way("there", ip(dst=ABSENT)), way("not", None))), True),
        (case(expect_train(ip() / udp(), ip(dst=NEIGHBOUR))), True),
        (case(send_udp("s", b"", to=NEIGHBOUR, port=9)), True),
        (case(received("s", source=NEIGHBOUR)), True),
        (case(*ECHO, control=(send(ip(src=NEIGHBOUR) / udp()),)), True),
        (case(*ECHO, provided=(send(ip(src=NEIGHBOUR) / udp()),)), True),
        (case(given=(mute(ABSENT),)), True),
        (case(given=(mute(GATEWAY),)), True),
        (case(send(arp())), True),
        (case(send(ether() / arp(sender="192.0.2.9"))), True),
    ],
)
def test_cases_that_name_addresses_on_the_link_get_some(one: Case, uses: bool) -> None:
    assert uses_on_link(one) is uses


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ((send(ip() / udp()), open_udp("s")), 0),
        ((silence(),), 0.25),
        ((silence(within=REASSEMBLY + ms(500)),), 61),
        ((advance(seconds(3)), advance(REASSEMBLY)), 63.5),
        ((expect(ip(), within=seconds(2)),), 2),
        ((expect_train(ip()),), 0.25),
        ((count(ip(), between(0, 1), within=seconds(4)),), 4),
        ((classify("x", way("silent", None), within=seconds(5)),), 5),
        ((received("s", within=seconds(6)), error_received("s", within=seconds(1))), 7),
        ((nothing_received("s", within=seconds(6)), no_error_received("s")), 6.25),
    ],
)
def test_the_longest_wait_is_that_of_all_steps(steps: Any, wanted: float) -> None:
    assert longest_seconds(case(*steps), TIMERS) == wanted
    assert longest_seconds(case(*steps, control=ECHO), TIMERS) == wanted + 0.25
    assert longest_seconds(case(*steps, provided=ECHO), TIMERS) == wanted + 0.25


def test_a_time_that_the_profile_does_not_say_stops_no_other_case() -> None:
    assert longest_seconds(case(advance(REASSEMBLY), *ECHO), {"settle": 1}) == 1


def test_data_is_no_address() -> None:
    assert not uses_on_link(case(send(ip() / data(b"NEIGHBOUR"))))
