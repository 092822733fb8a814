"""Target `linux`: laboratories in namespaces, and that nothing of them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from harness.addresses import LinkPlan
from harness.case.model import Setting, Topology
from harness.case.symbols import FAR, NEAR
from harness.target import TargetOptions, open_target
from harness.target.base import Configuration, RealLaboratory, TargetError
from harness.target.linux import LazyUpper, LinuxLaboratory, LinuxTarget
from harness.target.profile import load_profile
from tests.live.live_kit import (
    Manners,
    eventually,
    namespace_of,
    needs_namespaces,
    processes_in,
)

pytestmark = needs_namespaces

PROJECT = Path(__file__).resolve().parents[2]
HOST = Configuration(Topology.HOST)


@pytest.fixture
def target() -> Iterator[LinuxTarget]:
    target = LinuxTarget(load_profile("linux"))
    yield target
    target.close()


def manners(laboratory: LinuxLaboratory, link: int = NEAR) -> Manners:
    return Manners(laboratory.wires[link], laboratory.links[link])


def set_to(*settings: Setting, topology: Topology = Topology.HOST) -> Configuration:
    return Configuration(topology, settings)


def change(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {
        name: after[name] - before.get(name, 0)
        for name in after
        if after[name] != before.get(name, 0)
    }


class TestLaboratory:
    def test_options_open_it(self) -> None:
        target = open_target(TargetOptions(target="linux"))
        assert (target.name, target.virtual) == ("linux", False)
        target.close()

    def test_it_is_a_real_laboratory(self, target: LinuxTarget) -> None:
        laboratory: RealLaboratory = target.laboratory(HOST)
        assert len(laboratory.wires) == len(laboratory.links) == 1

    def test_neighbours_and_those_behind_the_gateway_are_answered(
        self, target: LinuxTarget
    ) -> None:
        tester = manners(target.laboratory(HOST))
        for source in ("192.0.2.10", "192.0.2.199", "198.18.0.1", "198.18.200.7"):
            reply = tester.echo(source)
            assert reply is not None
            assert reply.get("ip", "src") == "192.0.2.1"
            assert reply.faults == []

    def test_a_second_link_has_its_own_remotes(self, target: LinuxTarget) -> None:
        for topology in (Topology.MULTIHOMED, Topology.ROUTER):
            laboratory = target.laboratory(set_to(topology=topology))
            far = manners(laboratory, FAR)
            for source in ("198.51.100.10", "198.19.0.1"):
                reply = far.echo(source)
                assert reply is not None
                assert reply.get("ip", "src") == "198.51.100.1"

    def test_a_router_forwards_and_a_host_does_not(self, target: LinuxTarget) -> None:
        for topology, forwards in ((Topology.ROUTER, True), (Topology.MULTIHOMED, False)):
            laboratory = target.laboratory(set_to(topology=topology))
            near, far = manners(laboratory), manners(laboratory, FAR)
            far_plan = laboratory.links[FAR]
            through = LinkPlan(
                name="near",
                target="198.19.0.1",
                prefix_length=24,
                gateway=far_plan.gateway,
                second_gateway=None,
                neighbours=(),
                absent=(),
                remotes=None,
            )
            near.plan = through
            near.send(_datagram("198.18.0.1", "198.19.0.1"), "192.0.2.254")
            came = far.wait(
                lambda frame: frame.get("ip", "dst") == "198.19.0.1",
                within=5.0 if forwards else 0.2,
            )
            assert (came is not None) == forwards

    def test_two_at_once_do_not_meet(self, target: LinuxTarget) -> None:
        one, other = target.laboratory(HOST), target.laboratory(HOST)
        before = other.counters()
        assert manners(one).echo("192.0.2.10") is not None
        assert other.counters() == before
        assert manners(other).echo("192.0.2.10") is not None

    def test_it_works_again_after_a_restart(self, target: LinuxTarget) -> None:
        laboratory = target.laboratory(HOST)
        assert manners(laboratory).echo("192.0.2.10") is not None
        assert laboratory.restart()
        assert laboratory.counters()["ipSystemStatsInReceives"] == 0
        assert manners(laboratory).echo("192.0.2.10") is not None

    def test_the_report_hears_of_the_kernel_and_its_settings(self, target: LinuxTarget) -> None:
        told = target.describe()
        assert told["kernel"] == f"Linux {os.uname().release}"
        assert told["sysctl"]["net/ipv4/icmp_ratelimit"] == 0


class TestSettings:
    def test_mtu(self, target: LinuxTarget) -> None:
        laboratory = target.laboratory(set_to(Setting("mtu", 600, NEAR)))
        assert laboratory.links[NEAR].mtu == 600
        header = b"\xff" * 12 + b"\x88\xb5"
        laboratory.wires[NEAR].send(header + bytes(600))
        with pytest.raises(OSError, match="too long"):
            laboratory.wires[NEAR].send(header + bytes(700))

    def test_mtu_of_the_far_link(self, target: LinuxTarget) -> None:
        configuration = set_to(Setting("mtu", 1000, FAR), topology=Topology.ROUTER)
        links = target.laboratory(configuration).links
        assert [link.mtu for link in links] == [1500, 1000]

    def test_default_ttl(self, target: LinuxTarget) -> None:
        laboratory = target.laboratory(set_to(Setting("default_ttl", 77)))
        reply = manners(laboratory).echo("192.0.2.10")
        assert reply is not None
        assert reply.get("ip", "ttl") == 77

    def test_without_a_default_route_only_neighbours_are_answered(
        self, target: LinuxTarget
    ) -> None:
        laboratory = target.laboratory(set_to(Setting("default_route", value=False)))
        assert laboratory.links[NEAR].remotes is None
        assert manners(laboratory).echo("192.0.2.10") is not None
        assert manners(laboratory).echo("198.18.0.1", within=0.2) is None

    def test_a_router_may_have_a_default_route(self, target: LinuxTarget) -> None:
        for wanted in (True, False):
            setting = Setting("default_route", value=wanted)
            laboratory = target.laboratory(set_to(setting, topology=Topology.ROUTER))
            answered = manners(laboratory).echo("203.0.113.7", within=5.0 if wanted else 0.2)
            assert (answered is not None) == wanted

    def test_a_second_gateway_is_used_when_there_is_no_first(self, target: LinuxTarget) -> None:
        settings = (Setting("default_route", value=False), Setting("second_gateway", value=True))
        tester = manners(target.laboratory(set_to(*settings)))
        tester.echo("198.18.0.1", within=0.0)
        asked = tester.wait(lambda frame: frame.get("arp", "operation") == 1)
        assert asked is not None
        assert asked.get("arp", "target") == "192.0.2.253"

    def test_a_learned_neighbour_is_asked_for_again_after_its_lifetime(
        self, target: LinuxTarget
    ) -> None:
        tester = manners(target.laboratory(set_to(Setting("arp_lifetime", 1))))
        assert tester.echo("192.0.2.10") is not None
        assert tester.wait(lambda frame: "arp" in frame.parts, within=1.2) is None
        assert tester.echo("192.0.2.10") is not None
        assert tester.wait(lambda frame: frame.get("arp", "operation") == 1) is not None

    def test_what_can_t_be_set_is_refused_in_words(self, target: LinuxTarget) -> None:
        for wrong in (
            Setting("source_routing", "sideways"),
            Setting("source_routing", "forward"),
            Setting("mtu", 1000, FAR),
            Setting("colour", "blue"),
        ):
            with pytest.raises(TargetError, match=r"^linux "):
                target.laboratory(set_to(wrong))

    def test_a_value_that_the_kernel_refuses_leaves_nothing_behind(
        self, target: LinuxTarget
    ) -> None:
        descriptors = len(os.listdir("/proc/self/fd"))
        with pytest.raises(TargetError, match="ip_default_ttl = 300 was refused"):
            target.laboratory(set_to(Setting("default_ttl", 300)))
        assert len(os.listdir("/proc/self/fd")) == descriptors


class TestCounters:
    def test_an_echo_moves_what_the_mib_says(self, target: LinuxTarget) -> None:
        laboratory = target.laboratory(HOST)
        before = laboratory.counters()
        assert manners(laboratory).echo("192.0.2.10") is not None
        moved = change(before, laboratory.counters())
        assert {name: moved[name] for name in moved if name in target.offers.exact_counters} == {
            "ipSystemStatsInReceives": 1,
            "ipSystemStatsInDelivers": 1,
            "ipSystemStatsOutRequests": 1,
            "ipSystemStatsOutTransmits": 1,
            "icmpStatsInMsgs": 1,
            "icmpMsgStatsInPkts.8": 1,
            "icmpStatsOutMsgs": 1,
            "icmpMsgStatsOutPkts.0": 1,
        }

    def test_exact_ones_are_offered(self, target: LinuxTarget) -> None:
        assert target.offers.counters
        assert not target.offers.closed_counters
        assert "icmpMsgStatsInPkts.8" in target.offers.exact_counters
        assert "ipSystemStatsInDiscards" not in target.offers.exact_counters


class TestUpperTester:
    def test_it_starts_with_the_first_call_and_speaks_from_the_target(
        self, target: LinuxTarget
    ) -> None:
        laboratory = target.laboratory(HOST)
        upper = laboratory.upper
        assert isinstance(upper, LazyUpper)
        assert upper.process is None
        assert upper.call("open_udp", {"socket": "a", "port": 20_000}).error is None
        sent = {"socket": "a", "octets": b"hello", "to": "192.0.2.10", "port": 9}
        assert upper.call("send_udp", sent).error is None
        frame = manners(laboratory).wait(lambda frame: "udp" in frame.parts)
        assert frame is not None
        assert frame.get("ip", "src") == "192.0.2.1"
        assert frame.faults == []  # a wrong UDP checksum would be one: offloads are off

    def test_it_ends_with_the_laboratory(self, target: LinuxTarget) -> None:
        laboratory = target.laboratory(HOST)
        assert isinstance(laboratory.upper, LazyUpper)
        laboratory.upper.call("hello", {})
        process = laboratory.upper.process
        assert process is not None
        namespace = namespace_of(process)
        assert namespace not in (None, namespace_of("self"))
        laboratory.close()
        assert eventually(lambda: namespace_of(process) is None)


class TestNothingStays:
    def test_after_closing(self, target: LinuxTarget) -> None:
        target.laboratory(HOST).close()  # what is made once is made now
        descriptors = len(os.listdir("/proc/self/fd"))
        for topology in Topology:
            laboratory = target.laboratory(set_to(topology=topology))
            laboratory.close()
            laboratory.close()
        assert len(os.listdir("/proc/self/fd")) == descriptors

    def test_after_an_exception(self) -> None:
        target = LinuxTarget(load_profile("linux"))
        descriptors = len(os.listdir("/proc/self/fd"))
        with pytest.raises(ZeroDivisionError):
            _fail_with(target)
        target.close()
        assert len(os.listdir("/proc/self/fd")) == descriptors

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
    def test_after_a_signal(self, number: signal.Signals, tmp_path: Path) -> None:
        run = subprocess.Popen(
            [sys.executable, "-c", HOLDING],
            cwd=PROJECT,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert run.stdout is not None
        agents = run.stdout.readline().split()
        assert len(agents) == 2
        namespaces = {name for name in map(namespace_of, agents) if name is not None}
        assert len(namespaces) == 2
        run.send_signal(number)
        run.wait()
        run.stdout.close()
        assert eventually(lambda: not any(map(namespace_of, agents)))
        assert eventually(lambda: not processes_in(namespaces))
        assert eventually(lambda: not list(tmp_path.iterdir()))
        mounts = Path("/proc/self/mounts").read_text()
        assert "ip4spec" not in mounts

    def test_the_next_run_begins_as_the_first_did(self, target: LinuxTarget) -> None:
        assert manners(target.laboratory(HOST)).echo("192.0.2.10") is not None


HOLDING = """
import signal
from harness.case.model import Topology
from harness.target.base import Configuration
from harness.target.linux import LinuxTarget
from harness.target.profile import load_profile

target = LinuxTarget(load_profile("linux"))
laboratories = [target.laboratory(Configuration(Topology.ROUTER)) for _ in range(2)]
for laboratory in laboratories:
    laboratory.upper.call("hello", {})
print(*(laboratory.upper.process for laboratory in laboratories), flush=True)
signal.pause()
"""
"""A run that holds two laboratories and waits for the signal that ends it."""


def _fail_with(target: LinuxTarget) -> None:
    laboratory = target.laboratory(HOST)
    assert laboratory.upper is not None
    laboratory.upper.call("hello", {})
    raise ZeroDivisionError


def _datagram(source: str, destination: str) -> bytes:
    from harness.target.probes import echo_request

    return echo_request(source, destination)[0]
