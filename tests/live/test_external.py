"""Target `external`: a Linux host behind an interface without an address, and every trouble
that the preflight finds with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from harness.addresses import LinkPlan
from harness.case.model import Topology
from harness.link import offloads
from harness.link.af_packet import PacketLink
from harness.target import TargetOptions, open_target, probes
from harness.target.base import Configuration, TargetError
from harness.target.external import ExternalTarget
from harness.target.namespaces import Namespace
from harness.target.preflight import examine
from harness.target.profile import Profile, load_profile
from harness.upper.launch import LaunchedUpper
from tests.live.live_kit import (
    TARGET_MAC,
    Manners,
    cable,
    hand_made,
    needs_namespaces,
    open_link,
)

pytestmark = needs_namespaces

PROJECT = Path(__file__).resolve().parents[2]
HOST = Configuration(Topology.HOST)
Ends: TypeAlias = tuple[Namespace, Namespace]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The tester's namespace, in which the test runs, and the host's."""
    with hand_made() as (tester, host), tester.entered():
        yield tester, host


def profile() -> Profile:
    return load_profile("external")


def trouble(link: LinkPlan | None = None) -> str:
    with pytest.raises(TargetError) as caught:
        examine(link or cable())
    said = str(caught.value)
    assert "\n" not in said
    return said


@contextmanager
def impostor(namespace: Namespace, answer: Callable[[bytes], bytes | None]) -> Iterator[None]:
    """Somebody else on the cable, who answers frames in its own way."""
    link = open_link(namespace, "eth0")
    over = threading.Event()

    def serve() -> None:
        while not over.wait(0.005):
            for frame in link.receive():
                said = answer(frame)
                if said is not None:
                    link.send(said)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        link.close()


class TestTarget:
    def test_a_host_on_a_cable_is_met_and_answers(self, ends: Ends) -> None:
        target = ExternalTarget(profile(), (cable(),))
        (link,) = target.links
        assert link.target_mac == TARGET_MAC
        laboratory = target.laboratory(HOST)
        tester = Manners(laboratory.wires[0], laboratory.links[0])
        for source in ("192.0.2.11", "198.18.77.1"):
            reply = tester.echo(source)
            assert reply is not None
            assert reply.faults == []
        assert laboratory.counters() is None
        assert not laboratory.restart()
        target.close()

    def test_the_command_line_is_enough_for_a_host(self, ends: Ends) -> None:
        options = TargetOptions(
            target="external",
            interface="cable",
            target_address="192.0.2.1/24",
            tester_addresses="192.0.2.10-192.0.2.19",
        )
        target = open_target(options)
        assert target.describe()["links"] == [
            {
                "interface": "cable",
                "target": "192.0.2.1/24",
                "mac": TARGET_MAC.hex(":"),
                "gateway": None,
                "remotes": None,
                "mtu": 1500,
            }
        ]
        target.close()

    def test_there_is_one_laboratory_at_a_time(self, ends: Ends) -> None:
        target = ExternalTarget(profile(), (cable(),))
        laboratory = target.laboratory(HOST)
        with pytest.raises(TargetError, match="its laboratories come one by one"):
            target.laboratory(HOST)
        laboratory.close()
        laboratory.close()
        target.laboratory(HOST)
        target.close()

    def test_nothing_stays_open(self, ends: Ends) -> None:
        descriptors = len(os.listdir("/proc/self/fd"))
        target = ExternalTarget(profile(), (cable(),))
        target.laboratory(HOST)
        target.close()
        target.close()
        assert len(os.listdir("/proc/self/fd")) == descriptors

    def test_the_upper_tester_is_where_the_profile_says(self, ends: Ends, tmp_path: Path) -> None:
        _, host = ends
        with host.entered():
            offloads.switch_off("eth0")
        path = str(tmp_path / "upper")
        agent = _agent(host, path)
        told = replace(profile(), options={"upper": path})
        target = ExternalTarget(told, (cable(),))
        laboratory = target.laboratory(HOST)
        assert laboratory.upper is not None
        assert laboratory.upper.call("open_udp", {"socket": "a", "port": 7}).error is None
        target.close()
        assert agent.wait() == 0

    def test_a_missing_upper_tester_is_trouble_before_the_run(self, ends: Ends) -> None:
        told = replace(profile(), options={"upper": "/nonexistent/upper"})
        with pytest.raises(TargetError, match="nobody listens on /nonexistent/upper"):
            ExternalTarget(told, (cable(),))


class TestInterface:
    def test_unknown(self, ends: Ends) -> None:
        assert trouble(cable(name="cabel")).startswith("there is no interface 'cabel'")

    def test_down(self) -> None:
        with hand_made(up=False) as (tester, _), tester.entered():
            assert trouble() == "cable is down: ip link set cable up"

    def test_without_carrier(self, ends: Ends) -> None:
        _, host = ends
        with host.network() as network:
            network.bring_down("eth0")
        assert trouble().startswith("cable has no carrier")

    def test_of_too_small_an_mtu(self, ends: Ends) -> None:
        assert trouble(cable(mtu=9000)) == "cable carries 1500 octets, and the link's mtu is 9000"

    def test_with_a_link_header_or_without(self, ends: Ends) -> None:
        assert trouble(cable(bare_ip=True)).endswith("bare_ip = true is wrong")

    def test_with_an_address_of_the_tester_s(self, ends: Ends) -> None:
        tester, _ = ends
        with tester.network() as network:
            network.add_address("cable", "192.0.2.11", 24)
        said = "192.0.2.11 is to be the tester's, and cable has it already"
        assert trouble().startswith(said)

    def test_with_the_target_s_address(self, ends: Ends) -> None:
        tester, _ = ends
        with tester.network() as network:
            network.add_address("lo", "192.0.2.1", 32)
        assert trouble() == "192.0.2.1 is to be the target's, and this machine's lo has it"

    def test_on_a_machine_that_forwards(self, ends: Ends) -> None:
        tester, _ = ends
        tester.set("ipv4/ip_forward", 1)
        said = trouble()
        assert said.startswith("this machine forwards what comes from cable: sysctl -w ")
        _, _, setting = said.rpartition(" ")
        name, _, value = setting.partition("=")
        tester.set(name.removeprefix("net/"), value)
        examine(cable())

    def test_that_merges_frames(self, ends: Ends) -> None:
        offloads.switch_on("cable", offloads.GENERIC_RECEIVE)
        assert trouble().endswith("(generic receive offload): ethtool -K cable gro off")


class TestNeighbourhood:
    def test_nobody_there(self, ends: Ends) -> None:
        said = trouble(cable(target="192.0.2.2"))
        assert said.startswith("192.0.2.2 does not answer ARP on cable within 2 s")

    def test_two_of_them(self, ends: Ends) -> None:
        other = bytes.fromhex("024950349999")

        def answer(frame: bytes) -> bytes | None:
            if frame[12:14] != probes.ETHERTYPE_ARP or frame[38:42] != bytes((192, 0, 2, 1)):
                return None
            said = other + frame[38:42] + frame[22:32]
            head = probes.ETHERTYPE_ARP + probes.ARP_HEAD + probes.REPLY
            return frame[6:12] + other + head + said

        with impostor(ends[1], answer):
            said = trouble()
        assert said == (
            "two machines on cable have 192.0.2.1: 02:49:50:34:00:01 and 02:49:50:34:99:99"
        )

    def test_an_echo_from_two(self, ends: Ends) -> None:
        def answer(frame: bytes) -> bytes | None:
            if frame[12:14] != probes.ETHERTYPE_IP or frame[34] != 8:
                return None
            reply = bytearray(frame)
            reply[0:12] = frame[6:12] + frame[0:6]
            reply[26:34] = frame[30:34] + frame[26:30]
            reply[34] = 0
            return bytes(reply)

        with impostor(ends[1], answer):
            said = trouble()
        assert said.startswith("one echo request to 192.0.2.1 on cable is answered 2 times")

    @pytest.mark.parametrize("address", ["192.0.2.11", "192.0.2.200", "192.0.2.254"])
    def test_an_address_of_the_tester_s_in_use(self, ends: Ends, address: str) -> None:
        with ends[1].network() as network:
            network.add_address("eth0", address, 24)
        said = trouble()
        assert said.startswith(f"{address} is to be the tester's to use, and 02:49:50:34:00:01")

    def test_no_way_back(self, ends: Ends) -> None:
        said = trouble(cable(remotes="198.19.0.0/16"))
        assert said == (
            "192.0.2.1 answers 192.0.2.10 but not 198.19.0.1: "
            "it needs a route to 198.19.0.0/16 by 192.0.2.254"
        )

    def test_no_echo(self, ends: Ends) -> None:
        ends[1].set("ipv4/icmp_echo_ignore_all", 1)
        assert trouble() == (
            "192.0.2.1 answers ARP, but no echo request on cable, the sign of life that every "
            "case asks for: is there a firewall?"
        )

    def test_unfinished_checksums(self, ends: Ends) -> None:
        _, host = ends
        with LaunchedUpper(host.path) as launched:
            with pytest.raises(TargetError, match=r"leaves checksums to its network hardware"):
                examine(cable(), launched.upper)
            with host.entered():
                offloads.switch_off("eth0")
            assert examine(cable(), launched.upper).target_mac == TARGET_MAC


class TestPrivilege:
    """Without any: what is imported is imported as root, the rest is done as nobody."""

    def test_raw_sockets(self) -> None:
        assert _as_nobody("PacketLink('lo')") == "raw sockets need root or CAP_NET_RAW"

    def test_namespaces(self) -> None:
        said = _as_nobody("LinuxTarget(load_profile('linux'))")
        assert said.startswith("making a network namespace needs root or CAP_SYS_ADMIN (or ")
        assert "unshare --user --map-root-user --net" in said


class TestUserNamespace:
    def test_is_enough_for_target_linux(self) -> None:
        enter = ["unshare", "--user", "--map-root-user", "--net"]
        if subprocess.run([*enter, "true"], check=False, capture_output=True).returncode:
            pytest.skip("user namespaces are not allowed here")
        run = subprocess.run(
            [*enter, sys.executable, "-c", IN_USER_NAMESPACE],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.stdout, run.returncode) == ("[0] []\n", 0), run.stderr


IN_USER_NAMESPACE = """
from harness.case.model import Topology
from harness.target.base import Configuration
from harness.target.linux import LinuxTarget
from harness.target.profile import load_profile
from tests.live.live_kit import Manners

target = LinuxTarget(load_profile("linux"))
laboratory = target.laboratory(Configuration(Topology.HOST))
reply = Manners(laboratory.wires[0], laboratory.links[0]).echo("198.18.0.1")
print([reply.get("icmp", "type")], reply.faults)
target.close()
"""

AS_NOBODY = """
import os
from harness.link.af_packet import PacketLink
from harness.target.base import TargetError
from harness.target.linux import LinuxTarget
from harness.target.profile import load_profile

os.setgroups([])
os.setgid(65534)
os.setuid(65534)
try:
    {code}
except TargetError as error:
    print(error)
"""


def _as_nobody(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", AS_NOBODY.format(code=code)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not run.stderr
    return run.stdout.strip()


def _agent(host: Namespace, path: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "harness.upper.agent", "--socket", path]
    agent = subprocess.Popen(
        [*command, "--namespace", host.path], cwd=PROJECT, stdout=subprocess.PIPE
    )
    assert agent.stdout is not None
    with agent.stdout:
        assert agent.stdout.readline() == b"ready\n"
    return agent


def test_a_raw_link_opens_where_the_thread_is(ends: Ends) -> None:
    link = PacketLink("cable")
    link.close()
