"""A bounded part of the soak, and proofs that its watch sees."""

from __future__ import annotations

import pytest

from harness.case.model import Topology
from harness.target.base import Configuration
from harness.target.bundled import BundledLaboratory
from stack.policy import NETSTACK, NETSTACK_LATER, RFC
from tests.soak.drive import Broken, busy, drive
from tests.soak.watch import Watch, Wrong

FRAMES = 4000
PRESETS = {"RFC": RFC, "NETSTACK": NETSTACK, "NETSTACK_LATER": NETSTACK_LATER}


@pytest.mark.parametrize("topology", Topology)
@pytest.mark.parametrize("preset", PRESETS)
def test_hostile_frames_break_nothing(preset: str, topology: Topology) -> None:
    tally = drive(topology, PRESETS[preset], FRAMES, seed=7)
    # Else the mutator would have lost its way in.
    assert tally.emitted > FRAMES / 20
    assert tally.errors > FRAMES / 400


FOUND = {
    "a recorded hop that is a broadcast, in a loose route": (
        "0200000000010254c00002fe08004a0800414001000040ff7784c6120001c0000201820b0cc633644dc00002"
        "0183090dc00002ff57940800d5e80001000169703473706563206563686f2064617461"
    ),
    "a recorded hop that is a broadcast, in a strict route": (
        "0200000000010254c00002fe08004700003540070000010156cfc6120001c613000189070cc00002ff000800"
        "d5e00001000969703473706563206563686f2064617461"
    ),
}
"""Frames that once were answered by what must not be sent."""


@pytest.mark.parametrize("found", FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("topology", Topology)
def test_what_once_broke_it(topology: Topology, found: str) -> None:
    laboratory = BundledLaboratory(Configuration(topology), RFC)
    busy(laboratory)
    watch = Watch(laboratory.links, RFC, forwarding=topology is Topology.ROUTER)
    frame = bytes.fromhex(found)
    watch.given(frame)
    laboratory.inject(0, frame, 1_000_000)
    for link, emitted in laboratory.poll(9_000_000):
        watch.emitted(link, emitted)


@pytest.mark.parametrize(
    ("patched", "said"),
    [
        ("stack.icmp_errors.may_report", "an error about"),
        ("stack.icmp_reply._options", "can't be read"),
    ],
)
def test_the_watch_sees(patched: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    instead = {"may_report": lambda *_: True, "_options": lambda *_: b"\x07\xff\x04\x00"}
    monkeypatch.setattr(patched, instead[patched.rsplit(".", 1)[1]])
    with pytest.raises(Broken, match=said):
        drive(Topology.HOST, RFC, 20_000, seed=7)


def _watch(topology: Topology = Topology.HOST) -> tuple[Watch, bytes]:
    links = BundledLaboratory(Configuration(topology), RFC).links
    head = bytes.fromhex("020000000009") + (links[0].target_mac or b"") + b"\x08\x00"
    return Watch(links, RFC, forwarding=topology is Topology.ROUTER), head


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        ("4500001c000000004001f6d6c0000201c0000209", "sound"),
        ("4500001400000000400100ffc0000201c0000209", "checksum"),
        ("4500001400000000000136dfc0000201c0000209", "TTL 0"),
    ],
)
def test_what_is_not_sound_is_seen(packet: str, said: str) -> None:
    watch, head = _watch()
    with pytest.raises(Wrong, match=said):
        watch.emitted(0, head + bytes.fromhex(packet))


def test_what_only_passes_in_its_name_is_no_fault_of_the_node() -> None:
    watch, head = _watch(Topology.ROUTER)
    # From 198.51.100.1, the other NIC, with a wrong ICMP checksum.
    came = head + bytes.fromhex("4500001c0002000040018ea1c6336401c00002090800000000000001")
    leaves = head + bytes.fromhex("4500001c000200003f018fa1c6336401c00002090800000000000001")
    with pytest.raises(Wrong, match="sound"):
        watch.emitted(0, leaves)
    watch.given(came)
    watch.given(b"")
    watch.emitted(0, leaves)
