"""A case from preamble to verdict: what is offered, controls, calls, ambient traffic, the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from harness.case import (
    ABSENT,
    BAD,
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    GATEWAY,
    GROUP,
    HOST,
    NEIGHBOUR,
    OPEN_PORT,
    TESTER,
    Topology,
    allow_broadcast,
    arp,
    at_least,
    close,
    connect,
    counters,
    data,
    default_ttl,
    echo_reply,
    echo_request,
    echo_served,
    error_received,
    expect,
    forwarding,
    igmp,
    ip,
    join,
    mtu,
    mute,
    no_error_received,
    nothing_received,
    open_udp,
    pad,
    received,
    seen,
    send,
    send_udp,
    silence,
    udp,
    unreachable,
)
from harness.case.model import Ambient
from harness.target.base import Answer, TargetGone
from harness.trace import Event
from harness.verdict import CaseResult, Verdict
from tests.scripted import CUE, MAY, MUST, OTHER, SHOULD, case, run, scripted, verdicts, why
from tests.simulated import DiesAfter, Through
from tests.test_engine import FROM_HOST, said, word

ECHO = (send(ip() / echo_request()), expect(ip() / echo_reply()))
UNANSWERED = (send(ip(checksum=BAD) / echo_request()), expect(ip() / echo_reply()))
ASK_UDP = send(ip() / udp(dport=CLOSED_PORT))


def reason(result: CaseResult) -> str:
    (finding,) = [f for f in result.findings if f.reason is not None]
    return finding.reason or ""


# What a target offers


@pytest.mark.parametrize(
    ("more", "offers", "missing"),
    [
        ({"topology": Topology.ROUTER}, {"topologies": frozenset({"host"})}, "topology router"),
        ({"given": (mtu(500),)}, {"settings": frozenset()}, "setting mtu"),
        ({"given": (default_ttl(9),)}, {"values": {"default_ttl": (64,)}}, "default_ttl = 9"),
    ],
)
def test_what_a_target_can_not_be_set_to_is_not_applicable(
    more: Any, offers: Any, missing: str
) -> None:
    assert run(case(*ECHO, **more)).verdict is Verdict.PASS
    result = run(case(*ECHO, **more), **offers)
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert missing in (result.missing or "")
    assert result.findings == []
    assert result.trace.entries == []


@pytest.mark.parametrize(
    ("steps", "call"),
    [
        ((open_udp("s"),), "open_udp"),
        ((received("s"),), "receive"),
        ((no_error_received("s"),), "errors"),
    ],
)
@pytest.mark.parametrize("where", ["steps", "control", "provided"])
def test_calls_that_nobody_takes_are_not_applicable(steps: Any, call: str, where: str) -> None:
    more = {} if where == "steps" else {where: steps}
    one = case(*(steps if where == "steps" else ECHO), **more)
    result = run(one, calls=frozenset({"close"}))
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert result.missing == f"upper tester call {call}"


def test_an_address_that_the_laboratory_lacks_is_not_applicable() -> None:
    result = run(case(send(ip(dst=FAR_TESTER) / udp())))
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert result.missing == "no address for FAR_TESTER here"


# Preamble, probe, control


def test_a_service_that_is_there_is_judged() -> None:
    one = case(*ECHO, provided=ECHO)
    assert run(one).verdict is Verdict.PASS
    assert run(case(*UNANSWERED, provided=ECHO)).verdict is Verdict.FAIL


def test_a_service_that_is_not_there_is_not_applicable() -> None:
    result = run(case(*UNANSWERED, provided=UNANSWERED))
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert "does not offer it: expected IPv4 / ICMP echo reply" in (result.missing or "")
    assert "got nothing in 250 ms" in (result.missing or "")


def test_a_target_that_dies_of_the_probe_is_not_without_the_service() -> None:
    dies = type("Dies", (DiesAfter,), {"frames": 3})
    result = run(case(*ECHO, provided=ECHO), dies)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason(result).startswith("no sign of life: probe: no answer to the echo to HOST")


def test_a_control_that_is_not_answered_says_so() -> None:
    assert run(case(*ECHO, control=ECHO)).verdict is Verdict.PASS
    result = run(case(*ECHO, control=UNANSWERED))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason(result).startswith("control: expected IPv4 / ICMP echo reply")
    sent = [e for e in result.trace.entries if e.event is Event.TO_TARGET]
    assert [e.text for e in sent] == ["sentinel", "neighbour", "control"]


def test_a_control_leaves_nothing_behind() -> None:
    """Neither labels, nor packets to be quoted, nor frames that nobody claimed."""
    asked = send(ip() / echo_request(), label="asked")
    spare = case(*ECHO, control=(asked, asked, expect(ip() / echo_reply())))
    assert run(spare).verdict is Verdict.PASS
    later = expect(ip(dst=seen("asked", "ip.src")) / echo_reply())
    result = run(case(send(ip() / echo_request()), later, control=(asked, ECHO[1])))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason(result) == "no frame labelled 'asked' was seen yet"


# Requirements


def test_a_step_that_cites_another_requirement_does_not_stop_the_case() -> None:
    wrong = expect(ip(ttl=1) / echo_reply(), cites=OTHER)
    result = run(case(ECHO[0], wrong, ECHO[1]))
    assert verdicts(result) == {OTHER: Verdict.FAIL, MUST: Verdict.PASS}
    result = run(case(ECHO[0], expect(ip() / echo_reply(), cites=OTHER), *ECHO))
    assert verdicts(result) == {OTHER: Verdict.PASS, MUST: Verdict.PASS}


def test_a_step_that_breaks_the_cases_own_ends_it() -> None:
    later = expect(ip() / echo_reply(), cites=OTHER)
    result = run(case(*UNANSWERED, ECHO[0], later))
    assert verdicts(result) == {MUST: Verdict.FAIL}
    sent = [e for e in result.trace.entries if e.event is Event.TO_TARGET and e.step]
    assert [e.text for e in sent if e.step == 3] == []


@pytest.mark.parametrize(
    ("cites", "met", "broken"),
    [
        (MUST, (Verdict.PASS, None), (Verdict.FAIL, None)),
        (SHOULD, (Verdict.PASS, None), (Verdict.DEVIATION, None)),
        (MAY, (Verdict.OBSERVED, "does"), (Verdict.OBSERVED, "does not")),
    ],
)
def test_the_strength_of_the_clause_decides(cites: str, met: Any, broken: Any) -> None:
    for steps, wanted in ((ECHO, met), (UNANSWERED, broken)):
        (finding,) = run(case(*steps, cites=cites)).findings
        assert (finding.verdict, finding.way) == wanted


def test_an_invariant_is_a_finding_of_its_own() -> None:
    ill = scripted(said(1, word(b"a", checksum=BAD)), said(2, word(b"a", ttl=0, checksum=BAD)))
    result = run(case(CUE, expect(FROM_HOST / udp(), times=2)), ill)
    assert verdicts(result) == {
        MUST: Verdict.PASS,
        "791-3.1.cksum-a": Verdict.FAIL,
        "1122-3.2.1.7-a": Verdict.FAIL,
    }
    assert result.judged_frames >= 3


def test_a_padded_datagram_that_is_forwarded_has_the_testers_source() -> None:
    """No finding on the router's own source: the datagram is not its own."""
    through = ip(dst=FAR_TESTER, ttl=9) / udp() / data(b"x")
    came = expect(ip(dst=FAR_TESTER, ttl=8) / udp() / data(b"x"), on=FAR)
    for sent in (through, pad(through, bytes(17))):
        result = run(case(send(sent), came, topology=Topology.ROUTER))
        assert verdicts(result) == {MUST: Verdict.PASS}


# The end


def test_the_rest_is_nobodys_business_if_the_case_says_so() -> None:
    ill = scripted(said(1, word(b"a")), said(1, word(b"b")))
    one = expect(FROM_HOST / udp())
    assert run(case(CUE, one), ill).verdict is Verdict.FAIL
    assert run(case(CUE, one, rest_is_free=True), ill).verdict is Verdict.PASS


@pytest.mark.parametrize(("must", "verdict"), [(True, Verdict.FAIL), (False, Verdict.INCONCLUSIVE)])
@pytest.mark.parametrize("steps", [(CUE,), (CUE, silence())])
def test_a_target_that_dies_of_the_steps(must: bool, verdict: Verdict, steps: Any) -> None:
    dies = type("Dies", (DiesAfter,), {"frames": 3})
    result = run(case(*steps, must_survive=must), dies)
    assert result.verdict is verdict
    assert "no answer to the echo to HOST" in why(result).actual


@pytest.mark.parametrize("quiet", [silence(cites=OTHER), nothing_received("s", cites=OTHER)])
def test_a_dead_target_passes_nothing_whatever_the_step_cites(quiet: Any) -> None:
    dies = type("Dies", (DiesAfter,), {"frames": 3})
    result = run(case(open_udp("s"), CUE, quiet, *ECHO), dies)
    assert verdicts(result) == {OTHER: Verdict.INCONCLUSIVE, MUST: Verdict.INCONCLUSIVE}
    assert len(result.findings) == 2


def test_a_target_that_dies_before_the_steps_has_nothing_to_survive() -> None:
    dies = type("Dies", (DiesAfter,), {"frames": 0})
    assert run(case(CUE, must_survive=True), dies).verdict is Verdict.INCONCLUSIVE


def test_what_was_missed_of_a_dead_target_is_no_refusal() -> None:
    dies = type("Dies", (DiesAfter,), {"frames": 3})
    assert run(case(*ECHO), dies).verdict is Verdict.INCONCLUSIVE
    wrong = case(ECHO[0], expect(ip(ttl=1) / echo_reply()))
    assert run(wrong, type("Dies", (DiesAfter,), {"frames": 4})).verdict is Verdict.FAIL


class GoneOnCue(Through):
    """Ends when it gets a datagram."""

    def inject(self, link: int, frame: bytes, now: int) -> None:
        if frame[23:24] == b"\x11":
            raise TargetGone("the target ended with signal 6")
        super().inject(link, frame, now)


def test_a_target_that_is_gone_is_a_verdict() -> None:
    result = run(case(CUE, *ECHO), GoneOnCue)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "signal 6" in reason(result)
    assert run(case(CUE, must_survive=True), GoneOnCue).verdict is Verdict.FAIL


def test_a_mistake_of_the_tester_is_inconclusive_and_leaves_a_trace() -> None:
    result = run(case(send(ip() / echo_request()), expect(ip(ttl=at_least(b"")) / echo_reply())))  # type: ignore[arg-type]  # the mistake
    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason(result).startswith("the tester failed: TypeError: ")
    assert any("Traceback" in entry.text for entry in result.trace.entries)


def test_a_template_that_can_not_be_sent_is_the_cases_mistake() -> None:
    result = run(case(send(ip(offset=4) / data(b""))))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason(result) == "case: fragment offset 4 is no multiple of 8"


# Counters


def test_sentinels_are_not_counted() -> None:
    for steps in (ECHO, (*ECHO, silence()), (*ECHO, nothing_received("s"))):
        one = case(open_udp("s"), *steps, counters=echo_served())
        assert run(one).verdict is Verdict.PASS
    forwards = case(
        send(ip(dst=FAR_TESTER) / udp()),
        expect(ip(dst=FAR_TESTER) / udp(), on=FAR),
        topology=Topology.ROUTER,
        counters=counters(
            ipSystemStatsInReceives=1,
            ipSystemStatsInForwDatagrams=1,
            ipSystemStatsOutForwDatagrams=1,
            ipSystemStatsOutTransmits=1,
        ),
    )
    assert run(forwards).verdict is Verdict.PASS


def test_a_counter_that_nobody_named_must_stand_still_where_they_are_closed() -> None:
    one = case(*ECHO, counters=())
    result = run(one)
    assert verdicts(result)["4293-icmpMsgStatsInPkts"] is Verdict.FAIL
    assert verdicts(result)[MUST] is Verdict.PASS
    assert verdicts(run(one, closed_counters=False)) == {MUST: Verdict.PASS}
    assert verdicts(run(one, counters=False)) == {MUST: Verdict.PASS}


def test_counters_are_told_in_words() -> None:
    result = run(case(*ECHO, counters=echo_served(2)))
    told = {f.explanation.expected: f.explanation.actual for f in result.findings if f.explanation}
    assert told["icmpStatsOutMsgs to grow by 2"] == "it grew by 1"


# Calls


def test_a_call_is_taken_or_refused_as_wanted() -> None:
    opened = open_udp("s", port=OPEN_PORT)
    again = open_udp("t", port=OPEN_PORT)
    refused = open_udp("t", port=OPEN_PORT, refused=True)
    assert run(case(opened, refused)).verdict is Verdict.PASS
    result = run(case(open_udp("s", port=OPEN_PORT, refused=True)))
    assert result.verdict is Verdict.FAIL
    assert why(result).expected == "open_udp of socket 's' to be refused"
    assert why(result).actual == "it was accepted"
    result = run(case(opened, again))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason(result) == "refused: EADDRINUSE"


def test_a_call_that_is_cited_is_judged() -> None:
    opened = open_udp("s", port=OPEN_PORT)
    result = run(case(opened, open_udp("t", port=OPEN_PORT, cites=OTHER)))
    assert verdicts(result) == {OTHER: Verdict.FAIL, MUST: Verdict.PASS}
    assert why(result).actual == "it was refused: EADDRINUSE"
    result = run(case(open_udp("s", cites=OTHER)))
    assert verdicts(result) == {OTHER: Verdict.PASS, MUST: Verdict.PASS}


class Says:
    """An upper tester that answers each call alike."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Answer:
        return self._answer


def upper(answer: Answer | None) -> Any:
    class Called(Through):
        upper = None if answer is None else Says(answer)

    return Called


@pytest.mark.parametrize("error", ["ENOSYS", "EBADMSG"])
@pytest.mark.parametrize("refused", [True, False])
def test_a_call_that_is_not_understood_is_nobodys_refusal(error: str, refused: bool) -> None:
    result = run(case(open_udp("s", refused=refused)), upper(Answer({}, error)))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason(result) == f"the upper tester answers {error}"


def test_a_socket_that_can_not_be_read_is_inconclusive() -> None:
    for step in (received("s"), nothing_received("s"), error_received("s")):
        result = run(case(step), upper(Answer({}, "EBADF")))
        assert result.verdict is Verdict.INCONCLUSIVE
        assert "is refused: EBADF" in reason(result)


def test_without_an_upper_tester_a_case_that_calls_is_not_applicable() -> None:
    result = run(case(open_udp("s")), upper(None))
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert result.missing == "the target has no upper tester"


OPENED = open_udp("s", port=OPEN_PORT)


def to_socket(text: bytes) -> Any:
    return send(ip() / udp(dport=OPEN_PORT) / data(text))


def test_datagrams_may_be_claimed_in_another_order_than_they_were_read() -> None:
    both = (OPENED, to_socket(b"one"), to_socket(b"two"))
    two, one = received("s", data=b"two"), received("s", data=b"one", source=TESTER)
    assert run(case(*both, two, one, nothing_received("s"))).verdict is Verdict.PASS
    result = run(case(*both, two, two))
    assert result.verdict is Verdict.FAIL
    assert why(result).expected == "a datagram at socket 's' with data 74 77 6f \"two\""
    assert why(result).actual == 'data 6f 6e 65 "one"'


def test_what_was_not_read_is_told_from_what_was_wrong() -> None:
    result = run(case(OPENED, received("s", data=b"x")))
    assert why(result).actual == "nothing in 250 ms"
    result = run(case(OPENED, to_socket(b"x"), nothing_received("s")))
    assert why(result).expected == "nothing at socket 's' for 250 ms"
    assert why(result).actual.startswith("1 read: ")
    result = run(case(OPENED, to_socket(b"x"), received("s", ttl=7, nonsense=1)))
    assert why(result).actual == "ttl 64; nonsense none"


def test_errors_are_read_apart_from_datagrams() -> None:
    complain = send(
        ip()
        / unreachable(3, quote=ip(src=HOST, dst=TESTER) / udp(sport=OPEN_PORT, dport=CLOSED_PORT))
    )
    spoken = (OPENED, connect("s", to=TESTER, port=CLOSED_PORT), send_udp("s", b"x"))
    heard = (expect(ip() / udp(dport=CLOSED_PORT)), complain)
    quiet = case(*spoken, heard[0], no_error_received("s"))
    assert run(quiet).verdict is Verdict.PASS
    told = error_received("s", type=3, code=3)
    assert run(case(*spoken, *heard, told, no_error_received("s"))).verdict is Verdict.PASS
    result = run(case(*spoken, *heard, error_received("s", type=11)))
    assert why(result).expected == "an error at socket 's' with type 11"
    assert run(case(*spoken, *heard, no_error_received("s"))).verdict is Verdict.FAIL


def test_a_socket_may_be_closed_and_its_name_used_again() -> None:
    again = case(OPENED, close("s"), OPENED, to_socket(b"x"), received("s", data=b"x"))
    assert run(again).verdict is Verdict.PASS
    wide = case(OPENED, allow_broadcast("s"), send_udp("s", b"x", to="255.255.255.255", port=9))
    assert run(case(*wide.steps, rest_is_free=True)).verdict is Verdict.PASS


# Ambient traffic


def test_arp_is_nobodys_business_unless_the_case_is_about_it() -> None:
    asks = send(ip(src=NEIGHBOUR) / echo_request())
    answered = expect(ip(dst=NEIGHBOUR) / echo_reply())
    assert run(case(asks, answered)).verdict is Verdict.PASS
    about = {"about": frozenset({Ambient.ARP})}
    assert run(case(asks, answered, **about)).verdict is Verdict.FAIL
    asked = expect(arp(operation=1, sender=HOST, target=NEIGHBOUR))
    assert run(case(asks, asked, answered, **about)).verdict is Verdict.PASS
    assert run(case(asks, asked, answered)).verdict is Verdict.FAIL


def test_a_mute_neighbour_is_asked_in_vain() -> None:
    asks = send(ip(src=NEIGHBOUR) / echo_request())
    quiet = {"given": (mute(NEIGHBOUR),)}
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
    about = {"about": frozenset({Ambient.IGMP})}
    assert run(case(*joins, **about)).verdict is Verdict.FAIL
    report = expect(ip(src=HOST) / igmp())
    assert run(case(*joins, report, rest_is_free=True, **about)).verdict is Verdict.PASS
    assert run(case(*joins, report)).verdict is Verdict.FAIL


def test_datagrams_to_the_routers_are_ambient_unless_the_case_is_about_them() -> None:
    ill = scripted(said(1, ip(src=HOST, dst=GATEWAY) / udp(sport=5, dport=6)))
    assert run(case(CUE, silence()), ill).verdict is Verdict.PASS
    about = {"about": frozenset({Ambient.GATEWAY})}
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
