"""Whole runs on a host that is wired by hand, and every trouble that users can have with one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.plugin.options import PROJECT
from harness.target.namespaces import Namespace
from tests.live.live_kit import hand_made, needs_namespaces
from tests.live.run_kit import (
    FAR_LINK,
    LIBRARY,
    LINK,
    SHORT,
    Place,
    Ran,
    external,
    make_place,
    make_router,
    surroundings,
)

HOST_CASES = f"{LIBRARY}/rfc1122/s3_2_1_7_ttl.py {LIBRARY}/rfc792/echo.py"
ROUTER_CASES = f"{LIBRARY}/rfc791/s3_1_ttl_in_transit.py {LIBRARY}/rfc2113"
LIMITS = ("icmp_msgs_per_sec", "icmp_msgs_burst")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path)


@pytest.fixture
def wired() -> Iterator[tuple[Namespace, Namespace]]:
    """The tester's namespace, in which the runs are started, and that of a Linux host."""
    with hand_made() as (tester, host), tester.entered():
        host.set("ipv4/icmp_ratelimit", 0)
        for limit in LIMITS:
            host.set(f"ipv4/{limit}", 1_000_000)
        yield tester, host


def refused(ran: Ran, place: Place, said: str, code: int = 4) -> None:
    """The run ended with one line of trouble and left nothing behind."""
    assert ran.code == code, ran.out + ran.err
    assert len(ran.errors) == 1, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.out + ran.err
    assert place.left() == []
    assert not list((place.directory / "reports").rglob("*"))


@needs_namespaces
class TestOnACable:
    @pytest.mark.usefixtures("wired")
    def test_the_command_line_describes_the_link(self, place: Place) -> None:
        before = surroundings()
        ran = place.run(*SHORT, library=HOST_CASES)
        assert (ran.code, ran.err) == (0, ""), ran.out
        verdicts = ran.verdicts("external")
        assert verdicts["rfc792-echo-56-octets-of-data"] == "pass"
        assert verdicts["rfc1122-3.2.1.7-ttl-zero-accepted"] == "pass"
        assert set(verdicts.values()) <= {"pass", "observed", "not applicable"}
        told = {case["id"]: case["explanation"] for case in ran.report("external")["cases"]}
        assert told["rfc1122-3.2.1.7-default-40"].endswith("setting default_ttl")
        assert told["rfc1122-3.2.1.7-set-33"].endswith("upper tester call open_udp")
        assert place.left() == []
        assert surroundings() == before

    @pytest.mark.usefixtures("wired")
    def test_a_profile_says_more(self, place: Place) -> None:
        """Addresses behind the tester; a setting that the host has anyway."""
        profile = place.write("mine.toml", external("host", LINK))
        ran = place.run(f"--profile={profile}", library=HOST_CASES)
        assert (ran.code, ran.err) == (0, ""), ran.out
        report = ran.report("mine")
        (link,) = report["configuration"]["links"]
        assert link["remotes"] == "198.18.0.0/16"
        told = {case["id"]: case["explanation"] for case in report["cases"]}
        assert told["rfc1122-3.2.1.7-default-40"].endswith("setting default_ttl = 40")
        assert ran.verdicts("mine")["rfc792-echo-56-octets-of-data"] == "pass"

    def test_a_router_has_two_links(self, place: Place, wired: tuple[Namespace, Namespace]) -> None:
        make_router(*wired)
        profile = place.write("mine.toml", external("router", LINK, FAR_LINK))
        ran = place.run(f"--profile={profile}", library=ROUTER_CASES)
        assert (ran.code, ran.err) == (0, ""), ran.out
        verdicts = ran.verdicts("mine")
        assert verdicts["rfc2113-2.2-to-the-router-itself"] == "pass"
        forwarded = [verdicts[name] for name in verdicts if name.startswith("rfc791-")]
        assert "pass" in forwarded
        assert set(verdicts.values()) <= {"pass", "observed", "not applicable"}
        case = "rfc2113-2.2-ignored-by-host-closed-port"
        assert verdicts[case] == "not applicable"

    @pytest.mark.usefixtures("wired")
    def test_workers_can_not_share_a_wire(self, place: Place) -> None:
        refused(place.run(*SHORT, "-n2"), place, "-n can't share it, run without -n")

    def test_troubles_with_the_link(self, place: Place, wired: tuple[Namespace, Namespace]) -> None:
        tester, host = wired
        elsewhere = [word.replace("192.0.2.1/24", "192.0.2.2/24") for word in SHORT]
        refused(place.run(*elsewhere), place, "192.0.2.2 does not answer ARP on cable")
        renamed = [word.replace("=cable", "=cabel") for word in SHORT]
        refused(place.run(*renamed), place, "there is no interface 'cabel'")
        with tester.network() as network:
            network.bring_down("cable")
        refused(place.run(*SHORT), place, "cable is down: ip link set cable up")
        with tester.network() as network:
            network.bring_up("cable")
        with host.network() as network:
            network.bring_down("eth0")
        refused(place.run(*SHORT), place, "cable has no carrier")


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ("--target=linnux", "'linnux'; near: linux"),
            ("--profile=nowhere.toml", "nowhere.toml: No such file or directory"),
            ("--profile=broken.toml -n2", "broken.toml: "),
            ("--baseline=broken.toml", "broken.toml: "),
            ("--target=external", "needs --interface, --target-address and --tester-addresses"),
            ("--target=external -n2", "run without -n"),
            ("--requirement=1122-99 -n2", "no requirement begins with '1122-99'"),
            ("--case=rfc1122-3.2.2.6-pas", "near: rfc1122-3.2.2.6-pass"),
            ("--case=rfc1122-3.2.2.6-pas -n2", "near: rfc1122-3.2.2.6-pass"),
        ],
    )
    def test_one_line_each(self, place: Place, arguments: str, said: str) -> None:
        place.write("broken.toml", "[target\n")
        refused(place.run(*arguments.split(), "--allure"), place, said)

    @pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
    def test_a_module_that_does_not_import(self, place: Place, workers: tuple[str, ...]) -> None:
        module = place.library / "rfc1122" / "s3_9_mine.py"
        module.write_text("from harness.case import no_such_thing\n", encoding="utf-8")
        ran = place.run(*workers, "--allure")
        assert ran.code == pytest.ExitCode.INTERRUPTED
        said = ran.out + ran.err
        where, _, why = next(one for one in said.splitlines() if "not importable" in one).partition(
            ": not importable: "
        )
        assert where.endswith("testcases/rfc1122/s3_9_mine.py")
        assert why.startswith("ImportError: cannot import name 'no_such_thing'")
        assert "(line 1)" in why
        assert "Traceback" not in said
        assert place.left() == []
        assert not list((place.directory / "reports").rglob("*"))

    @pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("setpriv") is None,
        reason="only root can put privileges aside, with setpriv",
    )
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--target=linux",), "making a network namespace needs root or CAP_SYS_ADMIN"),
            (("--target=linux", "-n2"), "making a network namespace needs root or CAP_SYS_ADMIN"),
            (tuple(SHORT), "raw sockets need root or CAP_NET_RAW"),
        ],
    )
    def test_no_privileges(self, place: Place, arguments: tuple[str, ...], said: str) -> None:
        lo = [word.replace("=cable", "=lo") for word in arguments]
        without = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
        ran = place.run(*lo, library=f"{PROJECT}/testcases/rfc2113", before=without)
        refused(ran, place, said)
