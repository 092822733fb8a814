"""The Linux agent, as a process of its own, on the loopback interface."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket as net
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.target.base import Answer, TargetError, TargetGone
from harness.upper import protocol
from harness.upper.client import UnixUpper
from harness.upper.launch import LaunchedUpper

LOOPBACK = "127.0.0.1"
GROUP = "233.252.0.77"
ROOT = Path(harness.__file__).parent.parent
PATIENCE = 10.0
RECORD_ROUTE = bytes((7, 7, 4, 0, 0, 0, 0, 0))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the agent is for Linux")


@pytest.fixture(scope="module")
def upper() -> Iterator[UnixUpper]:
    with LaunchedUpper() as launched:
        yield launched.upper


@pytest.fixture
def pair(upper: UnixUpper) -> Iterator[tuple[int, int]]:
    """Sockets a and b on the loopback interface; their ports."""
    ports = [
        upper.call("open_udp", {"socket": name, "address": LOOPBACK}).value["port"]
        for name in ("a", "b")
    ]
    yield ports[0], ports[1]
    for name in ("a", "b"):
        upper.call("close", {"socket": name})


def _send(upper: UnixUpper, octets: bytes, port: int, **how: Any) -> Answer:
    how = {"to": LOOPBACK, **how}
    return upper.call("send_udp", {"socket": "a", "octets": octets, "port": port, **how})


def _one(upper: UnixUpper, socket: str) -> dict[str, Any]:
    datagrams = upper.call("receive", {"socket": socket}).value["datagrams"]
    assert len(datagrams) == 1
    told = datagrams[0]
    assert isinstance(told, dict)
    return told


def test_a_datagram_is_received_with_all_that_is_known(
    upper: UnixUpper, pair: tuple[int, int]
) -> None:
    sent = _send(upper, b"hello", pair[1], ttl=7, tos=0x28, options=RECORD_ROUTE)
    assert sent == Answer({})
    told = _one(upper, "b")
    assert told.pop("options")[:2] == RECORD_ROUTE[:2]
    assert isinstance(told.pop("interface"), int)
    assert told == {
        "data": b"hello",
        "source": LOOPBACK,
        "source_port": pair[0],
        "destination": LOOPBACK,
        "specific_destination": LOOPBACK,
        "ttl": 7,
        "tos": 0x28,
    }
    assert upper.call("receive", {"socket": "b"}).value == {"datagrams": []}


def test_what_holds_for_one_datagram_is_not_left_on_the_socket(
    upper: UnixUpper, pair: tuple[int, int]
) -> None:
    _send(upper, b"", pair[1], ttl=7, tos=8, options=RECORD_ROUTE, df=False)
    _send(upper, b"", pair[1])
    first, second = upper.call("receive", {"socket": "b"}).value["datagrams"]
    assert first["options"]
    assert (second["options"], second["tos"]) == (b"", 0)
    assert second["ttl"] != 7
    assert upper.call("get_option", {"socket": "a", "name": "mtu_discover"}).value != {
        "value": "dont"
    }


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"to": "255.255.255.255"}, "EACCES"),
        ({"ttl": 0}, "EINVAL"),
        ({"ttl": 256}, "EINVAL"),
        ({"options": bytes(44)}, "EINVAL"),
        ({"options": bytes((7, 1, 4, 0))}, "EINVAL"),
    ],
)
def test_the_kernel_refuses(
    upper: UnixUpper, pair: tuple[int, int], how: dict[str, Any], error: str
) -> None:
    assert _send(upper, b"", pair[1], **how) == Answer({}, error)


def test_too_long_and_no_destination_are_refused(upper: UnixUpper, pair: tuple[int, int]) -> None:
    assert _send(upper, bytes(65_508), pair[1]).error == "EMSGSIZE"
    assert upper.call("send_udp", {"socket": "a", "octets": b""}).error == "EDESTADDRREQ"
    half = upper.call("send_udp", {"socket": "a", "octets": b"", "to": LOOPBACK})
    assert half == Answer({"text": "to and port go together"}, "EBADMSG")


def test_a_connected_socket_sends_to_its_peer(upper: UnixUpper, pair: tuple[int, int]) -> None:
    assert upper.call("mtu", {"socket": "a"}).error == "ENOTCONN"
    connected = upper.call("connect", {"socket": "a", "to": LOOPBACK, "port": pair[1]})
    assert connected.value == {"address": LOOPBACK, "port": pair[0]}
    assert upper.call("send_udp", {"socket": "a", "octets": b"peer"}).error is None
    assert _one(upper, "b")["data"] == b"peer"
    assert upper.call("mtu", {"socket": "a"}).value["mtu"] >= 68


def test_an_icmp_error_is_told_and_stops_nobody(upper: UnixUpper, pair: tuple[int, int]) -> None:
    with net.socket(net.AF_INET, net.SOCK_DGRAM) as closed:
        closed.bind((LOOPBACK, 0))
        port = closed.getsockname()[1]
    assert _send(upper, b"lost", port).error is None
    assert _send(upper, b"arrives", pair[1]).error is None
    told = upper.call("errors", {"socket": "a"}).value
    assert told == {
        "errors": [
            {
                "type": 3,
                "code": 3,
                "errno": "ECONNREFUSED",
                "source": LOOPBACK,
                "quote": b"lost",
                "destination": LOOPBACK,
                "port": port,
            }
        ],
        "pending": "ECONNREFUSED",
    }
    assert upper.call("errors", {"socket": "a"}).value == {"errors": [], "pending": None}
    assert _one(upper, "b")["data"] == b"arrives"


def test_a_group_is_joined_and_left(upper: UnixUpper, pair: tuple[int, int]) -> None:
    port = upper.call("open_udp", {"socket": "member"}).value["port"]
    membership = {"socket": "member", "group": GROUP, "on": LOOPBACK}
    assert upper.call("join", membership) == Answer({})
    assert _send(upper, b"to group", port, to=GROUP, on=LOOPBACK, ttl=0) == Answer({})
    told = _one(upper, "member")
    assert (told["destination"], told["ttl"]) == (GROUP, 0)
    assert told["specific_destination"] == LOOPBACK
    assert upper.call("leave", membership) == Answer({})
    assert upper.call("leave", membership).error == "EADDRNOTAVAIL"
    assert upper.call("close", {"socket": "member"}) == Answer({})


def test_an_answer_is_bounded_and_loses_nothing(upper: UnixUpper, pair: tuple[int, int]) -> None:
    for number in range(protocol.MAX_DATAGRAMS + 6):
        _send(upper, bytes((number,)), pair[1])
    first = upper.call("receive", {"socket": "b"}).value["datagrams"]
    rest = upper.call("receive", {"socket": "b"}).value["datagrams"]
    assert len(first) == protocol.MAX_DATAGRAMS
    assert [told["data"][0] for told in first + rest] == list(range(protocol.MAX_DATAGRAMS + 6))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ttl", 9),
        ("tos", 8),
        ("multicast_ttl", 0),
        ("multicast_loop", False),
        ("multicast_interface", LOOPBACK),
        ("broadcast", True),
        ("recvopts", False),
        ("retopts", True),
        ("recverr", False),
        ("mtu_discover", "do"),
    ],
)
def test_an_option_is_set_and_read(
    upper: UnixUpper, pair: tuple[int, int], name: str, value: object
) -> None:
    assert upper.call("set_option", {"socket": "a", "name": name, "value": value}) == Answer({})
    assert upper.call("get_option", {"socket": "a", "name": name}).value == {"value": value}
    wrong = 5 if name == "multicast_interface" else "blue"
    refused = upper.call("set_option", {"socket": "a", "name": name, "value": wrong})
    assert refused.error == "EBADMSG"


def test_ip_options_are_set_and_read(upper: UnixUpper, pair: tuple[int, int]) -> None:
    setting = {"socket": "a", "name": "options"}
    assert upper.call("set_option", {**setting, "octets": RECORD_ROUTE}) == Answer({})
    assert upper.call("get_option", setting).value == {"octets": RECORD_ROUTE}
    _send(upper, b"", pair[1])
    assert _one(upper, "b")["options"]
    assert upper.call("set_option", setting) == Answer({})
    assert upper.call("get_option", setting).value == {"octets": b""}


def test_other_options_are_not_to_be_had(upper: UnixUpper, pair: tuple[int, int]) -> None:
    for call in ("set_option", "get_option"):
        assert upper.call(call, {"socket": "a", "name": "colour"}) == Answer(
            {"text": "no socket option colour"}, "ENOSYS"
        )


def test_names_are_held_once(upper: UnixUpper, pair: tuple[int, int]) -> None:
    assert upper.call("open_udp", {"socket": "a"}).error == "EEXIST"
    assert upper.call("open_udp", {"socket": "c", "address": LOOPBACK, "port": pair[0]}) == Answer(
        {}, "EADDRINUSE"
    )
    assert upper.call("receive", {"socket": "c"}).error == "EBADF"
    assert upper.call("open_udp", {"socket": "c", "address": "192.0.2.77"}).error == "EADDRNOTAVAIL"
    assert upper.call("address", {"socket": "a"}).value == {"address": LOOPBACK, "port": pair[0]}


def test_two_sockets_share_a_port_when_both_allow_it(upper: UnixUpper) -> None:
    first = upper.call("open_udp", {"socket": "one", "address": LOOPBACK, "reuse": True})
    wanted = {"socket": "two", **first.value, "reuse": True}
    assert upper.call("open_udp", wanted) == first
    for name in ("one", "two"):
        upper.call("close", {"socket": name})


def test_a_raw_socket_shows_the_header(upper: UnixUpper) -> None:
    if "open_raw" not in upper.capabilities():
        pytest.skip("raw sockets are not permitted here")
    opened = upper.call("open_raw", {"socket": "raw", "protocol": 253, "address": LOOPBACK})
    assert opened.value == {"address": LOOPBACK}
    sent = upper.call("send_raw", {"socket": "raw", "octets": b"raw", "to": LOOPBACK, "ttl": 3})
    assert sent == Answer({})
    told = _one(upper, "raw")
    assert (told["data"], told["header"][9], told["ttl"]) == (b"raw", 253, 3)
    assert "source_port" not in told
    assert upper.call("send_udp", {"socket": "raw", "octets": b""}).error == "EBADMSG"
    assert upper.call("close", {"socket": "raw"}) == Answer({})
    upper.call("open_udp", {"socket": "raw"})
    assert upper.call("send_raw", {"socket": "raw", "octets": b""}).error == "EBADMSG"
    upper.call("close", {"socket": "raw"})


def test_an_unknown_call_is_refused_by_its_own_name(upper: UnixUpper) -> None:
    assert upper.call("unknown", {"socket": "a"}) == Answer({"text": "no call unknown"}, "ENOSYS")
    upper.check_honesty()


def _start(path: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "harness.upper.agent", "--socket", str(path), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )


def _said(child: subprocess.Popen[bytes]) -> bytes:
    assert child.stdout is not None
    return child.stdout.readline()


def _end(child: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, told = child.communicate(timeout=PATIENCE)
    return child.returncode, told.decode()


def test_hostile_lines_are_answered_one_by_one(tmp_path: Path) -> None:
    child = _start(tmp_path / "upper")
    assert _said(child) == b"ready\n"
    with net.socket(net.AF_UNIX, net.SOCK_STREAM) as client:
        client.connect(str(tmp_path / "upper"))
        client.settimeout(PATIENCE)
        client.sendall(b"\n\xff\n{}\n" + b"x" * (protocol.MAX_LINE + 9) + b"\n")
        client.sendall(b'{"id":5,"call":"capabilities"}\n')
        with client.makefile("rb") as answers:
            told = [protocol.decode_response(answers.readline()) for _ in range(5)]
    assert [response.error for response in told] == ["EBADMSG"] * 4 + [None]
    assert told[-1].id == 5
    assert _end(child) == (0, "")


def test_the_agent_ends_with_its_client(tmp_path: Path) -> None:
    child = _start(tmp_path / "upper")
    assert _said(child) == b"ready\n"
    upper = UnixUpper(str(tmp_path / "upper"))
    assert not (tmp_path / "upper").exists()
    upper.close()
    assert _end(child) == (0, "")


@pytest.mark.parametrize("connected", [False, True])
def test_the_agent_ends_on_sigterm_and_the_client_hears_of_it(
    tmp_path: Path, connected: bool
) -> None:
    child = _start(tmp_path / "upper")
    assert _said(child) == b"ready\n"
    upper = UnixUpper(str(tmp_path / "upper")) if connected else None
    child.send_signal(signal.SIGTERM)
    assert _end(child) == (0, "")
    assert not (tmp_path / "upper").exists()
    if upper is not None:
        with pytest.raises(TargetGone):
            upper.call("capabilities", {})


def test_the_agent_dies_with_its_parent(tmp_path: Path) -> None:
    parent_text = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'harness.upper.agent', '--socket',"
        f" {str(tmp_path / 'upper')!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_text],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    agent = os.pidfd_open(int(_said(parent)))
    try:
        parent.kill()
        parent.communicate(timeout=PATIENCE)
        ended, _, _ = select.select([agent], [], [], PATIENCE)
        assert ended
    finally:
        os.close(agent)
    assert not (tmp_path / "upper").exists()


def test_a_taken_path_is_one_clear_line(tmp_path: Path) -> None:
    taken = tmp_path / "upper"
    taken.write_text("mine")
    status, told = _end(_start(taken))
    assert status == 1
    assert told == f"upper tester: {os.strerror(errno.EADDRINUSE)}\n"
    assert taken.read_text() == "mine"


def test_a_namespace_that_is_not_there_is_one_clear_line() -> None:
    with pytest.raises(TargetError, match="upper tester: No such file or directory"):
        LaunchedUpper(namespace="/nonexistent/namespace")


def test_the_agent_enters_a_namespace() -> None:
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo entered; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        if _said(holder) != b"entered\n":
            pytest.skip("network namespaces are not permitted here")
        with LaunchedUpper(namespace=f"/proc/{holder.pid}/ns/net") as launched:
            inside = os.readlink(f"/proc/{launched.process}/ns/net")
            assert inside == os.readlink(f"/proc/{holder.pid}/ns/net")
            # The loopback interface of a new namespace is down.
            assert launched.upper.call("open_udp", {"socket": "a"}).error is None
            assert _send(launched.upper, b"", 9).error == "ENETUNREACH"
    finally:
        holder.communicate(timeout=PATIENCE)
