"""The upper-tester protocol: its lines, its page, and the harness's end of it."""

from __future__ import annotations

import json
import socket as net
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.target.base import Answer, TargetError, TargetGone
from harness.upper import agent, protocol
from harness.upper.client import UnixUpper
from harness.upper.linux_calls import OPTIONS, Calls
from harness.upper.protocol import Fault, Kind, Response

PAGE = (Path(__file__).parent.parent / "docs" / "upper-tester.md").read_text()


def test_a_request_survives_the_line() -> None:
    line = protocol.encode_request(
        7, "send_udp", {"socket": "s", "octets": b"\x00\xff", "to": "192.0.2.1", "port": 9}
    )
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    request = protocol.decode_request(line)
    assert request.id == 7
    assert request.call == "send_udp"
    assert request.arguments == {
        "socket": "s",
        "octets": b"\x00\xff",
        "to": "192.0.2.1",
        "port": 9,
    }
    protocol.check_arguments(request.call, request.arguments)


def test_an_answer_survives_the_line() -> None:
    told = Response(3, {"datagrams": [{"data": b"\x01", "options": b"", "source": "192.0.2.1"}]})
    assert protocol.decode_response(protocol.encode_response(told)) == told
    refused = Response(4, {}, "EMSGSIZE", "Message too long")
    assert protocol.decode_response(protocol.encode_response(refused)) == refused


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"", None),
        (b"\xff\xfe", None),
        (b"[]", None),
        (b"null", None),
        (b"{", None),
        (b"[" * 200_000, None),
        (b'{"call":"hello"}', None),
        (b'{"id":true,"call":"hello"}', None),
        (b'{"id":1.5,"call":"hello"}', None),
        (b'{"id":1}', 1),
        (b'{"id":1,"call":["hello"]}', 1),
        (b'{"id":1,"call":"open_udp"}', 1),
        (b'{"id":1,"call":"open_udp","socket":""}', 1),
        (b'{"id":1,"call":"open_udp","socket":5}', 1),
        (b'{"id":1,"call":"open_udp","socket":"s","port":65536}', 1),
        (b'{"id":1,"call":"open_udp","socket":"s","port":true}', 1),
        (b'{"id":1,"call":"open_udp","socket":"s","port":null}', 1),
        (b'{"id":1,"call":"open_udp","socket":"s","address":"localhost"}', 1),
        (b'{"id":1,"call":"open_udp","socket":"s","address":"127.1"}', 1),
        (b'{"id":1,"call":"open_udp","socket":"s","address":"\\u0000"}', 1),
        (b'{"id":1,"call":"open_udp","socket":"s","colour":"red"}', 1),
        (b'{"id":0,"call":"send_udp","socket":"s","octets":"4"}', 0),
        (b'{"id":1,"call":"send_udp","socket":"s","octets":"zz"}', 1),
        (b'{"id":1,"call":"send_udp","socket":"s","octets":[1]}', 1),
        (b'{"id":1,"call":"send_udp","socket":"s","octets":"","ttl":-1}', 1),
        (b'{"id":1,"call":"send_udp","socket":"s","octets":"","ttl":4294967296}', 1),
    ],
)
def test_a_hostile_line_is_not_understood(line: bytes, number: int | None) -> None:
    response = agent.answer(Calls(), line)
    assert response.error == "EBADMSG"
    assert response.id == number
    assert response.text


@given(st.binary())
def test_no_line_raises(line: bytes) -> None:
    response = agent.answer(Calls(), line)
    assert response.error == "EBADMSG"


@given(st.lists(st.binary(max_size=40)))
def test_lines_come_out_however_the_stream_is_cut(chunks: list[bytes]) -> None:
    lines = agent.Lines()
    got = [line for chunk in chunks for line in lines.feed(chunk)]
    assert got == b"".join(chunks).split(b"\n")[:-1]


def test_an_overlong_line_is_skipped_to_its_end() -> None:
    lines = agent.Lines()
    assert lines.feed(b"x" * protocol.MAX_LINE + b"x") == []
    assert lines.feed(b"x" * protocol.MAX_LINE) == []
    assert lines.feed(b"y\nnext\n") == [b"", b"next"]


def test_a_longest_datagram_fits_a_line() -> None:
    octets = bytes(65_535)
    line = protocol.encode_request(
        1, "send_udp", {"socket": "s" * protocol.MAX_NAME, "octets": octets, "options": bytes(44)}
    )
    assert len(line) < protocol.MAX_LINE


@pytest.mark.parametrize("call", sorted(protocol.CALLS))
def test_the_page_describes_every_call_and_argument(call: str) -> None:
    assert f"`{call}`" in PAGE
    assert all(f"`{name}`" in PAGE for name in protocol.CALLS[call])


def test_the_page_describes_every_option_and_the_limits() -> None:
    assert all(f"`{name}`" in PAGE for name in OPTIONS)
    for limit in (protocol.MAX_LINE, protocol.MAX_OCTETS):
        assert f"{limit:,}" in PAGE
    assert f"at most {protocol.MAX_DATAGRAMS} datagrams" in PAGE


def test_the_examples_of_the_page_are_right() -> None:
    asked = [line[2:] for line in PAGE.splitlines() if line.startswith("> {")]
    answered = [line[2:] for line in PAGE.splitlines() if line.startswith("< {")]
    assert asked
    assert answered
    for line in asked:
        request = protocol.decode_request(line.encode())
        protocol.check_arguments(request.call, request.arguments)
    for line in answered:
        protocol.decode_response(line.encode())


def test_every_octet_field_is_decoded_from_requests() -> None:
    for arguments in protocol.CALLS.values():
        for name, argument in arguments.items():
            assert (argument.kind is Kind.OCTETS) == (name in protocol.OCTET_FIELDS)


@pytest.mark.parametrize(
    "line",
    [
        b"no",
        b"{}",
        b'{"id":1}',
        b'{"id":"1","value":{}}',
        b'{"id":1,"value":[]}',
        b'{"id":1,"value":{},"error":"EIO"}',
        b'{"id":1,"error":5}',
        b'{"id":1,"value":{"data":"0"}}',
    ],
)
def test_a_bad_answer_is_a_fault(line: bytes) -> None:
    with pytest.raises(Fault):
        protocol.decode_response(line)


def test_error_names_are_those_of_sockets() -> None:
    assert protocol.error_name(95) == "EOPNOTSUPP"
    assert protocol.error_name(90) == "EMSGSIZE"
    assert protocol.error_name(999_999) == "EIO"
    assert protocol.error_name(None) == "EIO"


Reply = Callable[[dict[str, Any]], bytes | None]


def honest(request: dict[str, Any]) -> bytes:
    number = request["id"]
    match request["call"]:
        case "hello":
            told: dict[str, Any] = {"value": {"protocol": protocol.NAME, "version": 1}}
        case "capabilities":
            told = {"value": {"calls": ["capabilities", "hello"]}}
        case _:
            told = {"error": "ENOSYS"}
    return json.dumps({"id": number, **told}).encode() + b"\n"


@contextmanager
def agent_that(reply: Reply, directory: Path) -> Iterator[str]:
    """An agent that answers as told; None hangs up."""
    path = str(directory / "upper")
    listener = net.socket(net.AF_UNIX, net.SOCK_STREAM)
    listener.bind(path)
    listener.listen()

    def run() -> None:
        client, _ = listener.accept()
        with client, client.makefile("rb") as lines:
            for line in lines:
                answer = reply(json.loads(line))
                if answer is None:
                    return
                client.sendall(answer)

    serving = threading.Thread(target=run, daemon=True)
    serving.start()
    try:
        yield path
    finally:
        listener.close()


def _except_for(call: str, answer: bytes | None) -> Reply:
    return lambda request: answer if request["call"] == call else honest(request)


def test_an_honest_agent_is_taken(tmp_path: Path) -> None:
    with agent_that(honest, tmp_path) as path:
        upper = UnixUpper(path)
        upper.check_honesty()
        assert upper.capabilities() == {"hello", "capabilities"}
        upper.close()
        upper.close()
        with pytest.raises(TargetGone, match="closed"):
            upper.call("capabilities", {})


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(TargetGone, match="nobody listens"):
        UnixUpper(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id":1,"value":{}}\n',
        b'{"id":1,"value":{"protocol":"ip4spec-upper","version":2}}\n',
        b'{"id":1,"error":"EPROTONOSUPPORT"}\n',
    ],
)
def test_another_protocol_is_refused(tmp_path: Path, answer: bytes) -> None:
    with (
        agent_that(_except_for("hello", answer), tmp_path) as path,
        pytest.raises(TargetError, match="upper tester"),
    ):
        UnixUpper(path)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("unknown", b'{"id":3,"value":{}}\n'),
        ("unknown", b'{"id":3,"error":"EINVAL"}\n'),
        ("capabilities", b'{"id":2,"value":{"calls":["unknown"]}}\n'),
        ("capabilities", b'{"id":2,"value":{}}\n'),
    ],
)
def test_an_agent_that_says_yes_to_everything_is_caught(
    tmp_path: Path, call: str, answer: bytes
) -> None:
    with agent_that(_except_for(call, answer), tmp_path) as path:
        upper = UnixUpper(path)
        with pytest.raises(TargetError):
            upper.check_honesty()
        upper.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "hung up"),
        (b"nonsense\n", "can't be read"),
        (b'{"id":9,"value":{}}\n', "answered 9"),
        (b'{"id":null,"error":"EIO"}\n', "answered None"),
        (b"", "no answer to close"),
    ],
)
def test_an_agent_out_of_step_is_gone_for_good(
    tmp_path: Path, answer: bytes | None, why: str
) -> None:
    with agent_that(_except_for("close", answer), tmp_path) as path:
        upper = UnixUpper(path, patience=0.2)
        for _ in range(2):
            with pytest.raises(TargetGone, match=why):
                upper.call("close", {"socket": "s"})


@pytest.mark.parametrize("error", ["ENOSYS", "EBADMSG"])
def test_what_the_agent_lacks_comes_with_its_reason(tmp_path: Path, error: str) -> None:
    answer = json.dumps({"id": 2, "error": error, "text": "not here"}).encode() + b"\n"
    with agent_that(_except_for("mtu", answer), tmp_path) as path:
        upper = UnixUpper(path)
        assert upper.call("mtu", {"socket": "s"}) == Answer({"text": "not here"}, error)
        assert error in protocol.NOT_THE_TARGETS
        upper.close()


def test_a_refusal_is_an_answer(tmp_path: Path) -> None:
    answer = b'{"id":2,"error":"ENOTCONN"}\n'
    with agent_that(_except_for("mtu", answer), tmp_path) as path:
        upper = UnixUpper(path)
        assert upper.call("mtu", {"socket": "s"}) == Answer({}, "ENOTCONN")
        upper.close()
