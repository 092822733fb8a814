"""What the target's user does, gets and is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from harness.case import (
    CLOSED_PORT,
    HOST,
    OPEN_PORT,
    TESTER,
    allow_broadcast,
    close,
    connect,
    data,
    error_pending,
    error_received,
    expect,
    get_option,
    ip,
    no_error_received,
    nothing_received,
    open_raw,
    open_udp,
    received,
    record_route,
    router_alert,
    seen,
    send,
    send_raw,
    send_udp,
    set_option,
    udp,
    unreachable,
)
from harness.target.base import Answer
from harness.verdict import Verdict
from tests.scripted import (
    MUST,
    OTHER,
    case,
    reason,
    run,
    verdicts,
    why,
)
from tests.simulated import Through


def test_a_call_is_taken_or_refused_as_wanted() -> None:
    opened = open_udp("s", port=OPEN_PORT)
    again = open_udp("t", port=OPEN_PORT)
    refused = open_udp("t", port=OPEN_PORT, refused=True)
    assert run(case(opened, refused)).verdict is Verdict.PASS
    result = run(case(open_udp("s", port=OPEN_PORT, refused=True)))
    assert result.verdict is Verdict.FAIL
    assert why(result).expected == (
        "open_udp of socket 's' with port 20000 (OPEN_PORT) to be refused"
    )
    assert why(result).actual == "it was accepted"
    result = run(case(opened, again))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason(result) == "refused: EADDRINUSE"


def test_options_of_a_socket_are_set_and_must_read_as_wanted() -> None:
    opened = open_udp("s", port=OPEN_PORT)
    route = (record_route(slots=1),)
    octets = bytes.fromhex("0707040000000000")
    good = case(
        opened,
        set_option("s", "options_raw", octets=route),
        get_option("s", "options_raw", octets=octets),
        get_option("s", "options_raw", octets=route),
        get_option("s", "options_raw", octets=octets[:4], size=4),
        set_option("s", "options_raw", octets=b"\x07\x01", refused=True),
        set_option("s", "ttl", 9),
        get_option("s", "ttl", 9, cites=MUST),
    )
    assert run(good).verdict is Verdict.PASS
    result = run(case(opened, get_option("s", "options_raw", octets=route, cites=MUST)))
    assert result.verdict is Verdict.FAIL
    assert why(result).expected == (
        "get_option of socket 's' with name options_raw to tell octets 07 07 04 00 00 00 00 00"
    )


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


def test_a_raw_socket_may_bring_its_header() -> None:
    mine = ip(src=HOST, dst=TESTER, protocol=198, ttl=9, options=(router_alert(),)) / data(b"mine")
    opened = open_raw("r", protocol=198, header_included=True)
    assert run(case(opened, send_raw("r", mine, to=TESTER), expect(mine))).verdict is Verdict.PASS
    built = open_raw("r", protocol=198, address=HOST)
    # Without that its header is data behind the target's own.
    result = run(case(built, send_raw("r", mine, to=TESTER), expect(mine)))
    assert result.verdict is Verdict.FAIL


def test_return_options_are_held_against_templates() -> None:
    asked = (OPENED, set_option("s", "retopts", value=True))
    sent = send(ip(options=(record_route(slots=1),)) / udp(dport=OPEN_PORT) / data(b"x"))
    right = received("s", return_options=(record_route(HOST, pointer=8),))
    wrong = received("s", return_options=(record_route(TESTER, pointer=8),))
    assert run(case(*asked, sent, right)).verdict is Verdict.PASS
    assert run(case(*asked, sent, wrong)).verdict is Verdict.FAIL


def test_an_error_held_against_a_socket_is_told_or_missing() -> None:
    connected = (OPENED, connect("s", to=TESTER, port=CLOSED_PORT), send_udp("s", b"x"))
    sent = expect(ip() / udp(), label="sent")
    about = send(ip() / unreachable(3, quote=seen("sent", "ip.datagram")))
    told = error_pending("s", "ECONNREFUSED", "EHOSTUNREACH")
    assert run(case(*connected, sent, about, told)).verdict is Verdict.PASS
    result = run(case(*connected, sent, told))
    assert result.verdict is Verdict.FAIL
    assert "pending" in why(result).expected
