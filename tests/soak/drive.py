"""Driving a node with hostile frames and a clock that jumps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from random import Random
from typing import Final

from harness.case.model import Topology
from harness.target.base import Configuration
from harness.target.bundled import BundledLaboratory
from stack.policy import Policy
from tests.soak.corpus import corpus
from tests.soak.mutate import Mutator
from tests.soak.watch import Watch, Wrong

MOST_AT_ONCE: Final = 2048
"""Frames that one frame may set free: a queue of waiting datagrams, the pieces of a large one."""
MOST_AFTER_A_JUMP: Final = 8192
"""Frames that a jump of the clock may set free: what the node keeps ready to be taken."""
_JUMPS: Final = (1_000_000, 10_000_000, 61_000_000, 700_000_000, -5_000_000)
"""Microseconds."""


@dataclass(slots=True)
class Tally:
    """What a drive came to."""

    frames: int = 0
    emitted: int = 0
    errors: int = 0
    """ICMP errors among them."""
    resident: tuple[int, ...] = ()
    """Octets of memory held by the process after each quarter."""


class Broken(Exception):
    """The node did what it must not; the text has the frames."""


def memory() -> int:
    """Octets of memory that the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def busy(laboratory: BundledLaboratory) -> None:
    """Give the node users, so that there is more to break."""
    near = laboratory.links[0]
    for call, arguments in (
        ("open_udp", {"socket": "one", "port": 20000}),
        ("open_udp", {"socket": "two", "port": 20001, "address": near.target}),
        ("open_tcp", {"socket": "listener", "port": 20000}),
        ("listen", {"socket": "listener", "backlog": 4}),
        ("open_tcp", {"socket": "caller", "port": 20001}),
        ("connect_tcp", {"socket": "caller", "to": near.neighbours[0], "port": 80}),
        ("open_raw", {"socket": "raw", "protocol": 1}),
        ("open_raw", {"socket": "any", "protocol": 253}),
        ("join", {"socket": "one", "group": "239.1.2.3", "on": near.target}),
        ("join", {"socket": "one", "group": "224.0.0.22", "on": near.target}),
    ):
        answer = laboratory.upper.call(call, arguments)
        if answer.error is not None:
            raise AssertionError(f"{call}: {answer.error}")


def steps(random: Random) -> Iterator[int]:
    """How much time passes before each frame, in microseconds."""
    while True:
        draw = random.random()
        if draw < 0.9:
            yield random.randrange(3000)
        elif draw < 0.999:
            yield random.randrange(200_000)
        else:
            yield random.choice(_JUMPS)


def drive(topology: Topology, policy: Policy, frames: int, seed: int) -> Tally:
    """Give a node that many frames.

    Raises:
        Broken: it emitted what it must not, or too much.
    """
    laboratory = BundledLaboratory(Configuration(topology), policy)
    busy(laboratory)
    known = corpus()[topology]
    own = [IPv4Address(link.target).packed for link in laboratory.links]
    own += [link.subnet.broadcast_address.packed for link in laboratory.links]
    mutator = Mutator([frame for _, frame in known], own, seed)
    watch = Watch(laboratory.links, policy, forwarding=topology is Topology.ROUTER)
    random = Random(seed + 1)
    passing = steps(random)
    tally = Tally()
    now = 0
    quarter = max(1, frames // 4)
    for number in range(frames):
        step = next(passing)
        now = max(0, now + step)
        if step >= 1_000_000:
            watch.given(b"")
            _look(watch, laboratory, now, tally, MOST_AFTER_A_JUMP)
        link = random.randrange(len(laboratory.links))
        frame = mutator.frame()
        try:
            watch.given(frame)
            laboratory.inject(link, frame, now)
            for emitted in _look(watch, laboratory, now, tally, MOST_AT_ONCE):
                mutator.heard(emitted)
        except Broken as broken:
            told = f"{broken}\nframe {number} of seed {seed} on link {link}: {frame.hex()}"
            raise Broken(told) from None
        except Exception as error:
            told = f"frame {number} of seed {seed} on link {link} raises: {frame.hex()}"
            raise Broken(told) from error
        tally.frames += 1
        if tally.frames % quarter == 0:
            tally.resident += (memory(),)
    return tally


def _look(
    watch: Watch, laboratory: BundledLaboratory, now: int, tally: Tally, most: int
) -> list[bytes]:
    emitted = laboratory.poll(now)
    if len(emitted) > most:
        raise Broken(f"{len(emitted)} frames at once")
    for link, octets in emitted:
        try:
            watch.emitted(link, octets)
        except Wrong as wrong:
            raise Broken(f"{wrong}: {octets.hex()}") from None
        tally.emitted += 1
        if octets[23:24] == b"\x01" and octets[14] == 0x45 and octets[34] in (3, 5, 11, 12):
            tally.errors += 1
    return [octets for _, octets in emitted]
