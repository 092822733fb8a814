"""What the comparison rests on, without a kernel."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from harness.case.model import Topology
from harness.decode import decode
from harness.internet_checksum import ones_complement_sum
from tests.compare import corpus, network
from tests.compare.bundled import BundledSide
from tests.compare.classes import CLASSES
from tests.compare.corpus import Unit
from tests.compare.normalise import Answer, read
from tests.compare.page import PAGE, page
from tests.compare.run import classes_of
from tests.compare.stimulus import Sent

HOST = network.plan(Topology.HOST)
GATEWAY_MAC = bytes.fromhex("0254c00002fe")


def checksummed(octets: bytes, at: int) -> bytes:
    empty = octets[:at] + bytes(2) + octets[at + 2 :]
    right = (~ones_complement_sum(empty) & 0xFFFF).to_bytes(2, "big")
    return empty[:at] + right + empty[at + 2 :]


def _frame(protocol: int, payload: bytes, **fields: bytes) -> bytes:
    header = (
        b"\x45\0"
        + (20 + len(payload)).to_bytes(2, "big")
        + b"\x40\x01"
        + fields.get("flags", b"\0\0")
        + bytes((64, protocol, 0, 0))
        + fields.get("src", bytes((198, 18, 0, 1)))
        + bytes((192, 0, 2, 1))
    )
    mac = HOST.links[0].target_mac or b""
    return mac + GATEWAY_MAC + b"\x08\0" + checksummed(header, 10) + payload


ECHO = _frame(1, checksummed(b"\x08\0\0\0\0\x01\0\x01some data", 2))
CLOSED = _frame(17, b"\x4e\x20\x9c\x40\0\x0c\0\0data")
PROTOCOL = _frame(253, b"nobody takes this")
PLAIN = {"echo": ECHO, "closed port": CLOSED, "unknown protocol": PROTOCOL}


def _unit(*frames: bytes) -> Unit:
    return Unit(1, tuple((0, frame) for frame in frames), "here")


def _judged(unit: Unit, stack: Answer, kernel: Answer) -> tuple[int, list[str]]:
    """How many differences, and the classes that they are of."""
    sent = Sent.of(HOST, unit, read(stack, HOST), read(kernel, HOST))
    names = [one.id for difference in sent.found for one in classes_of(sent, difference)]
    return len(sent.found), names


def _with(answer: Answer, at: int, octet: int) -> Answer:
    ((link, frame),) = answer.frames
    return replace(answer, frames=((link, frame[:at] + bytes((octet,)) + frame[at + 1 :]),))


def test_the_page_is_what_the_classes_say() -> None:
    assert PAGE.read_text() == page(), "python -m tests.compare.page"


def test_classes_have_a_name_of_their_own_and_say_why() -> None:
    assert len({one.id for one in CLASSES}) == len(CLASSES)
    for one in CLASSES:
        assert one.clause.startswith("RFC "), one.id
        assert one.what.endswith("."), one.id
        assert one.why.endswith((".", ")")), one.id


@pytest.mark.parametrize("name", PLAIN)
def test_no_class_takes_silence_or_an_answer_for_granted(name: str) -> None:
    unit = _unit(PLAIN[name])
    answer = BundledSide(HOST).answer(unit)
    silence = replace(answer, frames=())
    assert len(answer.frames) == 1
    assert _judged(unit, answer, answer) == (0, [])
    assert _judged(unit, answer, silence) == (1, [])
    assert _judged(unit, silence, answer) == (1, [])


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("stack_is_wrong", [True, False], ids=["stack", "kernel"])
def test_no_class_takes_any_octet_for_granted(name: str, stack_is_wrong: bool) -> None:
    unit = _unit(PLAIN[name])
    answer = BundledSide(HOST).answer(unit)
    ((_, frame),) = answer.frames
    for at in range(14 + int.from_bytes(frame[16:18], "big")):
        changed = _with(answer, at, frame[at] ^ 0x35)
        sides = (changed, answer) if stack_is_wrong else (answer, changed)
        number, names = _judged(unit, *sides)
        assert number > 0, at
        assert not names, (at, names)


def test_a_class_takes_what_it_was_made_for() -> None:
    unit = _unit(_frame(1, ECHO[34:], src=bytes((240, 0, 0, 1))))
    silence = Answer((), 0)
    kernel = BundledSide(HOST).answer(_unit(ECHO))
    ((link, frame),) = kernel.frames
    to_class_e = frame[:14] + checksummed(frame[14:30] + bytes((240, 0, 0, 1)), 10) + frame[34:]
    kernel = replace(kernel, frames=((link, to_class_e),))
    assert _judged(unit, silence, kernel) == (1, ["class-e-source"])
    assert _judged(unit, kernel, silence) == (1, []), "the other way round nobody said so"


@pytest.mark.parametrize("topology", Topology)
def test_the_frames_of_the_cases_are_many_and_fit_the_links(topology: Topology) -> None:
    plan = network.plan(topology)
    units = corpus.sent_by_cases(plan)
    assert len(units) > {Topology.HOST: 1500, Topology.ROUTER: 400}.get(topology, 40)
    assert all(corpus.fitting(plan, unit.frames) for unit in units)


def test_mutations_come_again_with_their_seed() -> None:
    first, second, other = (list(islice(corpus.mutated(HOST, seed), 200)) for seed in (7, 7, 8))
    assert first == second
    assert first != other
    assert any(len(unit.frames) > 1 for unit in first)


def test_a_new_identification_leaves_a_checksum_as_right_as_it_was() -> None:
    kept = {
        frame: marked
        for unit, frames in zip(corpus.sent_by_cases(HOST), corpus.raw_units(HOST), strict=True)
        for (_, frame), (_, marked) in zip(frames, unit.frames, strict=True)
    }
    moved = [(frame, marked) for frame, marked in kept.items() if frame != marked]
    assert len(moved) > 100
    for frame, marked in moved:
        was, now = decode(frame), decode(marked)
        assert was.get("ip", "checksum_right") == now.get("ip", "checksum_right")
        assert frame[:18] + frame[20:24] + frame[26:] == marked[:18] + marked[20:24] + marked[26:]


def test_no_two_units_share_an_identification_of_fragments() -> None:
    seen: dict[bytes, int] = {}
    for unit in [*corpus.sent_by_cases(HOST), *islice(corpus.mutated(HOST, 1), 500)]:
        for _, frame in unit.frames:
            if corpus.is_fragment(frame):
                assert seen.setdefault(frame[18:20], unit.number) == unit.number
