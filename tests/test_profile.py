"""Profiles and topologies: what is read, and that every mistake is one clear line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.addresses import LeasePool
from harness.case.icmp import echo_request
from harness.case.model import Case, Setting, Topology
from harness.case.steps import send
from harness.target import TargetOptions, open_target
from harness.target.base import TargetError, what_is_missing
from harness.target.external import links_of
from harness.target.profile import Profile, load_profile, profile_names
from harness.target.topology import parse_ranges, short_link

LINK = """
[[link]]
interface = "eth1"
target = "192.0.2.1/24"
gateway = "192.0.2.254"
second_gateway = "192.0.2.253"
neighbours = "192.0.2.10-192.0.2.19, 192.0.2.30"
absent = "192.0.2.200-192.0.2.203"
remotes = "198.18.0.0/16"
mtu = 1400
"""
FAR_LINK = """
[[link]]
interface = "eth2"
target = "198.51.100.1/24"
gateway = "198.51.100.254"
remotes = "198.19.0.0/16"
"""
BOX = """
[target]
name = "box"
kind = "external"
description = "a box"

[offers]
topologies = ["host"]

[timers]
settle = 0.5
reassembly = 60

[settings]
default_ttl = 64
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "box.toml"
    path.write_text(text)
    return path


def loaded(tmp_path: Path, text: str) -> Profile:
    return load_profile(written(tmp_path, text))


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(TargetError) as caught:
        loaded(tmp_path, text)
    said = str(caught.value)
    assert "\n" not in said
    return said.removeprefix(f"profile {tmp_path / 'box.toml'}: ")


class TestProfilesThatCome:
    @pytest.mark.parametrize("name", profile_names())
    def test_each_can_be_loaded(self, name: str) -> None:
        profile = load_profile(name)
        assert profile.description
        assert profile.timers["settle"] > 0
        assert not profile.offers.exact_counters

    def test_names_are_file_names(self) -> None:
        assert {"bundled", "linux", "external", "external-example"} <= set(profile_names())

    def test_bundled_offers_everything(self) -> None:
        offers = load_profile("bundled").offers
        assert offers.topologies == {"host", "multihomed", "router"}
        assert offers.closed_counters
        assert {"receive", "errors", "send_raw"} <= offers.calls

    def test_the_example_is_whole(self) -> None:
        profile = load_profile("external-example")
        assert [link.name for link in profile.links] == ["eth1", "eth2"]
        assert LeasePool(profile.links).lease().addresses


class TestFinding:
    def test_by_path(self, tmp_path: Path) -> None:
        assert loaded(tmp_path, BOX + LINK).path == tmp_path / "box.toml"

    def test_by_relative_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        written(tmp_path, BOX + LINK)
        monkeypatch.chdir(tmp_path)
        assert load_profile("box.toml").name == "box"
        assert load_profile("./box.toml").name == "box"

    def test_an_unknown_name_gets_a_hint(self) -> None:
        with pytest.raises(TargetError, match=r"called 'linus'; near: linux$"):
            load_profile("linus")
        with pytest.raises(TargetError, match=r"called 'zzz'; there are bundled, .*linux"):
            load_profile("zzz")

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(TargetError, match=r"^profile .*none\.toml: No such file"):
            load_profile(tmp_path / "none.toml")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(TargetError, match="Is a directory"):
            load_profile(f"{tmp_path}{os.sep}")


class TestReading:
    def test_all_of_it(self, tmp_path: Path) -> None:
        waiver = '[[waiver]]\ncase = "c"\nrequirement = "r"\nreason = "known"\n'
        profile = loaded(tmp_path, BOX + LINK + waiver)
        assert (profile.name, profile.kind, profile.description) == ("box", "external", "a box")
        assert profile.timers == {"settle": 0.5, "reassembly": 60.0}
        assert profile.settings == {"default_ttl": 64}
        assert [(one.case, one.reason) for one in profile.waivers] == [("c", "known")]
        (link,) = profile.links
        assert (link.name, link.target, link.prefix_length) == ("eth1", "192.0.2.1", 24)
        assert (link.gateway, link.second_gateway) == ("192.0.2.254", "192.0.2.253")
        assert link.neighbours[0] == "192.0.2.10"
        assert link.neighbours[-1] == "192.0.2.30"
        assert len(link.neighbours) == 11
        assert (len(link.absent), link.remotes, link.mtu) == (4, "198.18.0.0/16", 1400)
        assert link.target_mac is None

    def test_settle_has_a_default(self, tmp_path: Path) -> None:
        text = '[target]\nname = "b"\nkind = "bundled"\npolicy = "RFC"\n'
        profile = loaded(tmp_path, text)
        assert profile.timers == {"settle": 0.25}
        assert profile.options == {"policy": "RFC"}

    def test_links_may_stand_in_a_file_of_their_own(self, tmp_path: Path) -> None:
        (tmp_path / "lab.toml").write_text(LINK)
        text = BOX.replace('description = "a box"', 'topology = "lab.toml"')
        assert loaded(tmp_path, text).links == loaded(tmp_path, BOX + LINK).links
        said = complaint(tmp_path, text + LINK)
        assert said == "it has links of its own and names a topology file too"

    def test_a_topology_file_holds_links_only(self, tmp_path: Path) -> None:
        (tmp_path / "lab.toml").write_text("[offers]\n" + LINK)
        text = BOX.replace('description = "a box"', 'topology = "lab.toml"')
        assert "lab.toml: unknown key 'offers'" in complaint(tmp_path, text)

    def test_a_fixed_setting_is_offered_with_its_value_only(self, tmp_path: Path) -> None:
        offers = loaded(tmp_path, BOX + LINK).offers

        def missing(value: int) -> str | None:
            case = Case(
                "rfc791-3.1-an-example",
                cites="791-3.1-a",
                title="an example",
                steps=(send(echo_request()),),
                given=(Setting("default_ttl", value),),
            )
            return what_is_missing(case, offers)

        assert missing(64) is None
        assert missing(99) == "setting default_ttl = 99"


WRONG = (
    ("[target", "Expected"),
    ("", "[target] has no name"),
    ('[target]\nname = "x"\n', "[target] has no kind"),
    ('target = "x"\n', "target is written [target]"),
    ('[target]\nname = 7\nkind = "linux"\n', "name of [target] is not a text"),
    (
        '[target]\nname = "x"\nkind = "linus"\n',
        "unknown kind 'linus'; near: linux",
    ),
    (
        '[target]\nname = "x"\nkind = "nothing like it"\n',
        "unknown kind 'nothing like it'; there are bundled, linux, external",
    ),
    (
        '[target]\nname = "x"\nkind = "linux"\npolicy = "RFC"\n',
        "[target]: unknown key 'policy'",
    ),
    (BOX + "[offer]\n", "unknown key 'offer'; near: offers"),
    (BOX + "[sysctl]\n", "[sysctl] is for targets of kind linux, not external"),
    (
        '[target]\nname = "x"\nkind = "linux"\n[settings]\ndefault_ttl = 64\n',
        "[settings] is for targets of kind external and bundled, not linux",
    ),
    (
        '[target]\nname = "x"\nkind = "linux"\n' + LINK,
        "[link] is for targets of kind external, not linux",
    ),
    (
        BOX.replace('["host"]', '["hots"]'),
        "[offers]: topologies has the unknown 'hots'; near: host",
    ),
    (BOX.replace('["host"]', '"host"'), "[offers]: topologies is not a list of texts"),
    (
        BOX.replace('["host"]', '["host"]\ncalls = ["dance"]'),
        "[offers]: calls has the unknown 'dance'; there are open_udp",
    ),
    (
        BOX.replace('["host"]', '["host"]\ncounters = "yes"'),
        "[offers]: counters is neither true nor false",
    ),
    (BOX.replace("0.5", '"soon"'), "timer settle is not a number of seconds above 0"),
    (BOX.replace("0.5", "-1"), "timer settle is not a number of seconds above 0"),
    (BOX.replace("0.5", "true"), "timer settle is not a number of seconds above 0"),
    (
        BOX.replace("default_ttl", "default_tll"),
        "[settings]: unknown key 'default_tll'; near: default_ttl",
    ),
    (BOX + '[[waiver]]\ncase = "c"\n', "waiver 1: requirement is missing"),
    (
        '[target]\nname = "x"\nkind = "linux"\n[sysctl]\n"ipv4/x" = true\n',
        "ipv4/x of [sysctl] is neither a number nor a text",
    ),
    (
        '[target]\nname = "x"\nkind = "linux"\n[sysctl]\n"../kernel/panic" = 1\n',
        "[sysctl] '../kernel/panic' is no name below net/",
    ),
)


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_mistakes_in_profiles(tmp_path: Path, text: str, said: str) -> None:
    assert complaint(tmp_path, text).startswith(said)


WRONG_LINKS = (
    (("[[link]]", "[link]"), "links are written [[link]]"),
    (("gateway =", "gatewy ="), "link 1: unknown key 'gatewy'; near: gateway"),
    (('interface = "eth1"', ""), "link 1: interface is missing"),
    (('target = "192.0.2.1/24"', ""), "link 1: target is missing"),
    (("eth1", "a name beyond fifteen"), "is not the name of an interface"),
    (("192.0.2.1/24", "192.0.2.1"), "link 1: target: '192.0.2.1' is not an address with its"),
    (("192.0.2.1/24", "192.0.2.1/33"), "link 1: target: '192.0.2.1/33' is not an address with"),
    (("192.0.2.1/24", "192.0.2.1/32"), "link 1: target: a link's prefix has 8 to 31 bits, not 32"),
    (("192.0.2.1/24", "192.0.2.255/24"), "target: 192.0.2.255 is no address of a host"),
    (('gateway = "192.0.2.254"', 'gateway = "x"'), "gateway: 'x' is not an IPv4 address"),
    (("192.0.2.254", "192.0.3.254"), "link 1: gateway 192.0.3.254 is not in 192.0.2.0/24"),
    (("192.0.2.254", "192.0.2.255"), "link 1: gateway 192.0.2.255 is no address of a host"),
    (("192.0.2.254", "192.0.2.1"), "link 1: 192.0.2.1 is used twice, the second time as gateway"),
    (("192.0.2.200", "192.0.2.19"), "192.0.2.19 is used twice, the second time as absent"),
    (("10-192.0.2.19", "19-192.0.2.10"), "neighbours: 192.0.2.19-192.0.2.10 is no range of 1"),
    (('"192.0.2.200-192.0.2.203"', "7"), "absent is not a text like"),
    (("198.18.0.0/16", "198.18.0.1/16"), "remotes: 198.18.0.1/16 has host bits set"),
    (("198.18.0.0/16", "198.18.0.0/30"), "remotes 198.18.0.0/30 are too few"),
    (("198.18.0.0/16", "192.0.0.0/16"), "remotes 192.0.0.0/16 overlap the link's 192.0.2.0/24"),
    (("\ngateway = ", "\n# "), "remotes are reached by a gateway, and none is given"),
    (("1400", "67"), "mtu: 67 is not a number from 68 to 65535"),
    (("1400", "true"), "mtu: True is not a number from 68 to 65535"),
    (("mtu = 1400", "bare_ip = 1"), "bare_ip is neither true nor false"),
)


@pytest.mark.parametrize(("change", "said"), WRONG_LINKS)
def test_mistakes_in_links(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = LINK.replace(*change)
    assert text != LINK
    assert said in complaint(tmp_path, BOX + text)


def test_a_link_needs_somebody_to_talk_to(tmp_path: Path) -> None:
    link = '[[link]]\ninterface = "e"\ntarget = "192.0.2.1/24"\nneighbours = "192.0.2.9"\n'
    said = complaint(tmp_path, BOX + link)
    assert said == "link 1: the tester needs two neighbours, or remotes with a gateway"


class TestTwoLinks:
    def test_near_and_far(self, tmp_path: Path) -> None:
        links = loaded(tmp_path, BOX + LINK + FAR_LINK).links
        assert [link.target for link in links] == ["192.0.2.1", "198.51.100.1"]

    def test_three_are_too_many(self, tmp_path: Path) -> None:
        said = complaint(tmp_path, BOX + LINK + FAR_LINK + FAR_LINK)
        assert said == "3 links; a topology has at most 2"

    def test_each_has_its_own_interface(self, tmp_path: Path) -> None:
        said = complaint(tmp_path, BOX + LINK + FAR_LINK.replace("eth2", "eth1"))
        assert said == "both links have interface eth1"

    def test_their_networks_are_apart(self, tmp_path: Path) -> None:
        said = complaint(tmp_path, BOX + LINK + FAR_LINK.replace("198.19.", "198.18."))
        assert said == "198.18.0.0/16 of link 1 overlaps 198.18.0.0/16 of link 2"


class TestCommandLine:
    def test_a_link_of_three_options(self) -> None:
        link = short_link("eth1", "192.0.2.1/24", "192.0.2.10-192.0.2.19")
        assert (link.name, link.target, link.gateway) == ("eth1", "192.0.2.1", None)
        assert len(link.neighbours) == 8
        assert link.absent == ("192.0.2.18", "192.0.2.19")

    def test_few_addresses_are_all_neighbours(self) -> None:
        link = short_link("eth1", "192.0.2.1/24", "192.0.2.10,192.0.2.12")
        assert (link.neighbours, link.absent) == (("192.0.2.10", "192.0.2.12"), ())

    def test_the_prefix_is_not_guessed(self) -> None:
        with pytest.raises(TargetError, match=r"needs its prefix, as 192\.0\.2\.1/24"):
            short_link("eth1", "192.0.2.1", "192.0.2.10-192.0.2.19")

    def test_ranges(self) -> None:
        assert parse_ranges("192.0.2.254 - 192.0.3.1", "here") == (
            "192.0.2.254",
            "192.0.2.255",
            "192.0.3.0",
            "192.0.3.1",
        )
        with pytest.raises(TargetError, match="no range of 1 to 4096"):
            parse_ranges("10.0.0.0-10.255.255.255", "here")

    def test_links_of_a_profile_and_the_options(self, tmp_path: Path) -> None:
        profile = loaded(tmp_path, BOX + LINK)
        assert links_of(profile, None, None, None) == profile.links
        (renamed,) = links_of(profile, "eth9", None, None)
        assert (renamed.name, renamed.target) == ("eth9", "192.0.2.1")
        (other,) = links_of(profile, "eth9", "10.0.0.1/24", "10.0.0.2-10.0.0.9")
        assert other.target == "10.0.0.1"
        with pytest.raises(TargetError, match="describe a link together"):
            links_of(profile, None, "10.0.0.1/24", None)
        two = loaded(tmp_path, BOX + LINK + FAR_LINK)
        with pytest.raises(TargetError, match="profiles with one link"):
            links_of(two, "eth9", None, None)
        with pytest.raises(TargetError, match=r"^external needs --interface, "):
            links_of(load_profile("external"), None, None, None)


class TestOpening:
    def test_the_bundled_target_needs_no_privilege(self) -> None:
        target = open_target(TargetOptions())
        assert target.virtual
        target.close()

    def test_a_link_is_for_external_targets(self) -> None:
        with pytest.raises(TargetError, match="bundled makes its own"):
            open_target(TargetOptions(interface="eth1"))

    def test_one_real_target_is_not_for_many_workers(self) -> None:
        with pytest.raises(TargetError, match=r"^external is one real target: run it without -n$"):
            open_target(TargetOptions(target="external", worker="gw1"))

    def test_claims_that_can_t_be(self, tmp_path: Path) -> None:
        def refused(text: str) -> str:
            with pytest.raises(TargetError) as caught:
                open_target(TargetOptions(profile=written(tmp_path, text)))
            return str(caught.value)

        router = BOX.replace('["host"]', '["router"]')
        assert "it offers router with one link" in refused(router + LINK)
        both = BOX.replace('["host"]', '["host", "router"]')
        assert "it offers router and host, and what is on a cable" in refused(
            both + LINK + FAR_LINK
        )
        assert "names no topologies" in refused(BOX.replace('["host"]', "[]") + LINK)
        calls = BOX.replace('["host"]', '["host"]\ncalls = ["open_udp"]')
        assert "offers calls and names no upper tester" in refused(calls + LINK)
        settings = BOX.replace('["host"]', '["host"]\nsettings = ["mtu"]')
        assert "can't be set to any mtu" in refused(settings + LINK)
        assert Topology.HOST.value == "host"
