"""A case from preamble to verdict: what is offered, controls, requirements, the end, counters."""

from __future__ import annotations

from typing import Any

import pytest

from harness.case import (
    BAD,
    FAR,
    FAR_TESTER,
    Topology,
    at_least,
    counters,
    data,
    default_ttl,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    ip,
    mtu,
    no_error_received,
    nothing_received,
    open_udp,
    pad,
    received,
    seen,
    send,
    silence,
    udp,
)
from harness.target.base import TargetGone
from harness.trace import Event
from harness.verdict import Verdict
from tests.scripted import (
    CUE,
    FROM_HOST,
    MAY,
    MUST,
    OTHER,
    SHOULD,
    case,
    reason,
    run,
    said,
    scripted,
    verdicts,
    why,
    word,
)
from tests.simulated import DiesAfter, Through

ECHO = (send(ip() / echo_request()), expect(ip() / echo_reply()))
UNANSWERED = (send(ip(checksum=BAD) / echo_request()), expect(ip() / echo_reply()))


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
    result = run(wrong, type("Dies", (DiesAfter,), {"frames": 4}))
    assert [finding.verdict for finding in result.findings] == [Verdict.FAIL]


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
