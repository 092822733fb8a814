"""What the steps mean: frames that come when and where they are wanted, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from harness.case import (
    FAR,
    FAR_HOST,
    FAR_TESTER,
    HOST,
    NEAR,
    REASSEMBLY,
    SETTLE,
    TESTER,
    Topology,
    advance,
    at_least,
    between,
    classify,
    count,
    data,
    differs_from,
    echo_reply,
    echo_request,
    expect,
    expect_train,
    fragments,
    ip,
    ms,
    pattern,
    seconds,
    seen,
    send,
    silence,
    udp,
    way,
)
from harness.case.time import NamedDuration
from harness.verdict import Verdict
from tests.scripted import (
    CUE,
    FROM_HOST,
    MAY,
    MUST,
    OTHER,
    case,
    run,
    said,
    scripted,
    verdicts,
    why,
    word,
)

WHOLE = ip(src=HOST, dst=TESTER, identification=9) / echo_reply(sequence=9, data=pattern(40))
FIRST, LAST = (ip(offset=0, mf=1) / echo_reply(), ip(offset=24, mf=0))


# Expecting


@pytest.mark.parametrize(
    ("within", "verdict"),
    [(ms(199), Verdict.FAIL), (ms(200), Verdict.PASS), (SETTLE, Verdict.PASS)],
)
def test_what_comes_in_time_is_accepted(within: Any, verdict: Verdict) -> None:
    ill = scripted(said(200, word(b"a")))
    result = run(case(CUE, expect(FROM_HOST / udp(), within=within)), ill)
    assert result.verdict is verdict
    if verdict is Verdict.FAIL:
        assert why(result).actual == "nothing in 199 ms"
        assert why(result).expected == "IPv4 (src 192.0.2.1 (HOST), dst 198.18.0.1 (TESTER)) / UDP"
        assert why(result).step == 2
        assert why(result).after == "sending IPv4 / UDP (dport 7777)"


def test_time_counts_from_the_last_step_that_sent_or_waited() -> None:
    ill = scripted(said(600, word(b"a")))
    wanted = expect(FROM_HOST / udp(), within=ms(200))
    assert run(case(CUE, wanted), ill).verdict is Verdict.FAIL
    assert run(case(CUE, advance(ms(500)), wanted), ill).verdict is Verdict.PASS
    nothing = count(ip() / echo_reply(), between(0, 0), within=ms(500))
    assert run(case(CUE, nothing, wanted), ill).verdict is Verdict.PASS


@pytest.mark.parametrize(("after", "verdict"), [(ms(200), Verdict.PASS), (ms(201), Verdict.FAIL)])
def test_what_comes_too_early_is_wrong(after: Any, verdict: Verdict) -> None:
    ill = scripted(said(200, word(b"a")))
    wanted = expect(FROM_HOST / udp(), after=after, within=seconds(1))
    result = run(case(advance(ms(90)), CUE, wanted), ill)
    assert result.verdict is verdict
    if verdict is Verdict.FAIL:
        assert why(result).expected.endswith("not before 201 ms")
        assert why(result).actual == "it came after 200 ms"
        assert why(result).frame is not None


@pytest.mark.parametrize(
    ("times", "verdict"), [(2, Verdict.FAIL), (3, Verdict.PASS), (4, Verdict.FAIL)]
)
def test_as_many_come_as_are_wanted(times: int, verdict: Verdict) -> None:
    ill = scripted(*(said(5, word(b"a")) for _ in range(3)))
    result = run(case(CUE, expect(FROM_HOST / udp() / data(b"a"), times=times)), ill)
    assert result.verdict is verdict
    if times == 2:
        assert why(result).expected == "nothing more"
    if times == 4:
        assert why(result).expected.startswith("4 of IPv4")
        assert why(result).actual == "3 in 250 ms"


def test_no_two_may_share_what_is_to_be_distinct() -> None:
    wanted = expect(FROM_HOST / udp(), times=3, distinct="ip.identification")
    others = (1, 2)
    distinct, repeated = (
        scripted(*(said(n, word(b"", identification=i)) for n, i in enumerate((*others, last))))
        for last in (3, 1)
    )
    assert run(case(CUE, wanted), distinct).verdict is Verdict.PASS
    result = run(case(CUE, wanted), repeated)
    assert result.verdict is Verdict.FAIL
    assert why(result).expected == "no two with the same ip.identification"
    assert why(result).actual == "frames 1 and 3 of 3 both have 0x0001"


def test_a_frame_on_the_wrong_link_is_told_with_both_links() -> None:
    ill = scripted(said(5, word(b"a"), FAR))
    two: dict[str, Any] = {"topology": Topology.MULTIHOMED}
    right = run(case(CUE, expect(FROM_HOST / udp(), on=FAR), **two), ill)
    assert right.verdict is Verdict.PASS
    assert run(case(CUE, expect(FROM_HOST / udp()), **two), ill).verdict is Verdict.PASS
    result = run(case(CUE, expect(FROM_HOST / udp(), on=NEAR), **two), ill)
    assert result.verdict is Verdict.FAIL
    assert why(result).expected.endswith(", on near")
    assert why(result).actual.endswith(", on far")


def test_a_fit_on_the_right_link_explains_before_one_on_the_wrong_link() -> None:
    ill = scripted(said(5, word(b"a"), FAR), said(6, word(b"b"), NEAR))
    wanted = expect(FROM_HOST / udp() / data(b"a"), on=NEAR)
    result = run(case(CUE, wanted, topology=Topology.MULTIHOMED), ill)
    (difference,) = why(result).differences
    assert (difference.field, difference.actual) == ("data.octets", '62 "b"')


def test_frames_may_be_claimed_in_another_order_than_they_came() -> None:
    ill = scripted(said(1, word(b"a")), said(2, word(b"b")))
    second, first = (expect(FROM_HOST / udp() / data(text)) for text in (b"b", b"a"))
    assert run(case(CUE, second, first), ill).verdict is Verdict.PASS


def test_a_frame_is_claimed_once() -> None:
    ill = scripted(said(1, word(b"a")))
    one = expect(FROM_HOST / udp())
    assert run(case(CUE, one), ill).verdict is Verdict.PASS
    assert run(case(CUE, one, one), ill).verdict is Verdict.FAIL


def test_the_nearest_frame_explains_a_failure() -> None:
    near = word(b"near", ttl=9)
    ill = scripted(said(1, FROM_HOST / echo_reply()), said(2, near), said(3, word(b"no", ttl=1)))
    result = run(case(CUE, expect(ip(src=HOST, ttl=8) / udp() / data(b"near"))), ill)
    assert [d.field for d in why(result).differences] == ["ip.ttl"]
    assert "ttl 9" in why(result).actual


def test_later_steps_look_at_labelled_frames() -> None:
    ill = scripted(said(1, word(b"a", identification=5)), said(2, word(b"b", identification=5)))
    for matcher, verdict in ((seen, Verdict.PASS), (differs_from, Verdict.FAIL)):
        wanted = ip(identification=matcher("first", "ip.identification")) / udp() / data(b"b")
        steps = (CUE, expect(ip() / udp() / data(b"a"), label="first"), expect(wanted))
        assert run(case(*steps), ill).verdict is verdict


def test_a_sent_frame_has_a_label_too() -> None:
    asked = send(ip(identification=77) / echo_request(), label="asked")
    answer = ip(identification=seen("asked", "ip.identification")) / echo_reply()
    same = ip(dst=seen("asked", "ip.src")) / echo_reply()
    assert run(case(asked, expect(same))).verdict is Verdict.PASS
    assert run(case(asked, expect(answer))).verdict is Verdict.FAIL


# Trains


def pieces(*order: int) -> Any:
    cuts = ((0, 24), (24, None))
    return scripted(
        *(said(3 + place, fragments(WHOLE, cuts[number])) for place, number in enumerate(order))
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("wanted", [(), (FIRST, LAST)])
def test_a_train_is_put_together_in_any_order(order: Any, wanted: Any) -> None:
    assert run(case(CUE, expect_train(WHOLE, *wanted)), pieces(*order)).verdict is Verdict.PASS


def test_a_whole_datagram_is_a_train_too() -> None:
    ill = scripted(said(1, WHOLE))
    assert run(case(CUE, expect_train(WHOLE)), ill).verdict is Verdict.PASS
    result = run(case(CUE, expect_train(WHOLE, FIRST, LAST)), ill)
    assert why(result).expected == "2 pieces"
    assert why(result).actual.startswith("1: 192.0.2.1 > ")


def test_pieces_alone_are_no_datagram() -> None:
    result = run(case(CUE, expect_train(WHOLE)), pieces(0))
    assert result.verdict is Verdict.FAIL
    assert run(case(CUE, expect(WHOLE)), pieces(0, 1)).verdict is Verdict.FAIL


def test_the_piece_that_is_wrong_is_named() -> None:
    wrong = ip(offset=24, mf=0, ttl=1)
    result = run(case(CUE, expect_train(WHOLE, FIRST, wrong)), pieces(1, 0))
    assert why(result).expected.startswith("piece 2: IPv4")
    assert [d.field for d in why(result).differences] == ["ip.ttl"]
    result = run(case(CUE, expect_train(WHOLE, FIRST, LAST, LAST)), pieces(0, 1))
    assert why(result).expected == "3 pieces"


def test_pieces_may_have_to_come_in_order() -> None:
    wanted = expect_train(WHOLE, ordered=True)
    assert run(case(CUE, wanted), pieces(0, 1)).verdict is Verdict.PASS
    result = run(case(CUE, wanted), pieces(1, 0))
    assert result.verdict is Verdict.FAIL
    assert why(result).expected == "pieces in the order of their offsets"


@pytest.mark.parametrize(("after", "verdict"), [(ms(4), Verdict.PASS), (ms(5), Verdict.FAIL)])
def test_a_train_has_come_when_its_last_piece_has(after: Any, verdict: Verdict) -> None:
    result = run(case(CUE, expect_train(WHOLE, after=after)), pieces(0, 1))
    assert result.verdict is verdict


# Silence


@pytest.mark.parametrize(("window", "verdict"), [(ms(199), Verdict.PASS), (ms(200), Verdict.FAIL)])
def test_silence_lasts_as_long_as_its_window(window: Any, verdict: Verdict) -> None:
    ill = scripted(said(200, word(b"a")))
    result = run(case(advance(ms(90)), CUE, silence(within=window)), ill)
    assert result.verdict is verdict
    if verdict is Verdict.FAIL:
        assert why(result).expected == "silence for 200 ms"
        assert "UDP" in why(result).actual
        assert "more" not in why(result).actual


def test_silence_is_of_what_nobody_expected() -> None:
    ill = scripted(said(1, word(b"a")), said(2, word(b"b")), said(3, word(b"c")))
    one = expect(FROM_HOST / udp() / data(b"a"))
    result = run(case(CUE, one, silence()), ill)
    assert why(result).step == 3
    assert why(result).actual.endswith(", and 1 more")
    rest = expect(FROM_HOST / udp(), times=2)
    assert run(case(CUE, one, rest, silence()), ill).verdict is Verdict.PASS


def test_silence_of_some_leaves_others_to_be_claimed() -> None:
    ill = scripted(said(1, word(b"a")), said(2, word(b"b")))
    both = expect(FROM_HOST / udp(), times=2)
    quiet = silence(of=FROM_HOST / echo_reply())
    assert run(case(CUE, quiet, both), ill).verdict is Verdict.PASS
    assert run(case(CUE, quiet), ill).verdict is Verdict.FAIL
    result = run(case(CUE, silence(of=FROM_HOST / udp() / data(b"b"))), ill)
    assert why(result).expected.startswith("no IPv4")
    assert why(result).expected.endswith("for 250 ms")


def test_silence_of_one_link_hears_nothing_of_the_other() -> None:
    ill = scripted(said(1, word(b"a"), FAR))
    claimed = expect(FROM_HOST / udp())
    for on, verdict in ((NEAR, Verdict.PASS), (FAR, Verdict.FAIL), (None, Verdict.FAIL)):
        one = case(CUE, silence(on=on), claimed, topology=Topology.MULTIHOMED)
        assert run(one, ill).verdict is verdict


# Counting


@pytest.mark.parametrize(
    ("wanted", "window", "verdict"),
    [
        (between(3, 3), ms(100), Verdict.PASS),
        (between(2, 4), ms(100), Verdict.PASS),
        (at_least(3), ms(100), Verdict.PASS),
        (between(4, 5), ms(100), Verdict.FAIL),
        (between(1, 2), ms(100), Verdict.FAIL),
        (between(1, 1), ms(29), Verdict.FAIL),
        (between(0, 0), ms(9), Verdict.PASS),
        (between(0, 0), ms(10), Verdict.FAIL),
    ],
)
def test_a_window_is_counted_to_its_end(wanted: Any, window: Any, verdict: Verdict) -> None:
    ill = scripted(*(said(10 * n, word(b"a")) for n in (1, 2, 3)))
    result = run(case(CUE, count(FROM_HOST / udp(), wanted, within=window)), ill)
    assert result.verdict is verdict


def test_a_wrong_count_reads_as_one() -> None:
    ill = scripted(said(1, word(b"a")))
    wanted = count(FROM_HOST / udp(), between(2, 2), within=ms(100))
    result = run(case(advance(ms(90)), CUE, wanted), ill)
    assert why(result).expected.startswith("2 of IPv4")
    assert why(result).expected.endswith("in 100 ms")
    assert why(result).actual == "1 came"
    result = run(case(CUE, count(ip() / echo_reply(), at_least(1), within=ms(100))), ill)
    assert why(result).expected.startswith("at least 1 of IPv4")
    assert why(result).actual == "none came"


# Classifying


WAYS = (
    way("says a", FROM_HOST / udp() / data(b"a")),
    way("says it in pieces", WHOLE, train=True),
    way("says nothing", None),
)


@pytest.mark.parametrize(
    ("ill", "gone"),
    [
        (scripted(said(1, word(b"a"))), "says a"),
        (pieces(1, 0), "says it in pieces"),
        (scripted(), "says nothing"),
        (scripted(said(300, word(b"a"))), "says nothing"),
    ],
    ids=["a frame", "a train", "silence", "too late"],
)
def test_the_way_that_a_target_goes_is_observed(ill: Any, gone: str) -> None:
    result = run(case(CUE, classify("the cue", *WAYS), cites=MAY), ill)
    assert result.verdict is Verdict.OBSERVED
    assert [finding.way for finding in result.findings] == [f"the cue: {gone}"]


def test_a_way_that_nobody_foresaw_is_observed_too() -> None:
    result = run(case(CUE, classify("the cue", *WAYS), cites=MAY), scripted(said(1, word(b"b"))))
    (finding,) = result.findings
    assert finding.verdict is Verdict.OBSERVED
    assert (finding.way or "").startswith("the cue: another way: 192.0.2.1 > ")
    result = run(case(CUE, classify("the cue", *WAYS[:2]), cites=MAY), scripted())
    assert [f.way for f in result.findings] == ["the cue: another way: nothing"]


def test_a_way_is_looked_for_on_its_link() -> None:
    one = case(
        CUE,
        classify("the cue", *WAYS, on=NEAR),
        expect(FROM_HOST / udp(), cites=OTHER),
        cites=MAY,
        topology=Topology.MULTIHOMED,
    )
    result = run(one, scripted(said(1, word(b"a"), FAR)))
    assert [finding.way for finding in result.findings] == ["the cue: says nothing", None]
    assert verdicts(result)[OTHER] is Verdict.PASS


# Time


def test_named_times_are_the_profiles() -> None:
    result = run(case(advance(REASSEMBLY + ms(500))))
    assert result.verdict is Verdict.PASS
    assert result.seconds == pytest.approx(61)


def test_a_time_that_the_profile_does_not_say_is_inconclusive() -> None:
    result = run(case(advance(NamedDuration("lunch"))))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "[timers] does not say 'lunch'" in (result.findings[0].reason or "")
    assert why(result).expected == "a target that the case can be run on"


def test_sending_on_the_far_link() -> None:
    asked = send(ip() / echo_request(), on=FAR)
    answered = expect(ip(src=FAR_HOST, dst=FAR_TESTER) / echo_reply(), on=FAR)
    result = run(case(asked, answered, topology=Topology.MULTIHOMED))
    assert result.verdict is Verdict.PASS
    assert {entry.link for entry in result.trace.entries if entry.frame} == {NEAR, FAR}


def test_one_case_may_be_about_several_requirements() -> None:
    result = run(case(CUE, expect(FROM_HOST / udp()), cites=(MUST, OTHER)), scripted())
    assert verdicts(result) == {MUST: Verdict.FAIL, OTHER: Verdict.FAIL}
