"""What tests of the judge share: a view on a lease, and frames as a target would send them."""

from __future__ import annotations

from harness.addresses import Lease
from harness.case.packet import Stimulus
from harness.decode import Frame, decode
from harness.encode import Encoder
from harness.judge.view import View
from tests.lease import lease

LEASE = lease()
ENCODER = Encoder(LEASE)
NOON = 43_200_000


def view(time_of_day_ms: int = NOON, of: Lease = LEASE) -> View:
    return View(of, lambda: time_of_day_ms)


def nothing(label: str, field: str) -> object:
    raise AssertionError(f"{label}.{field} was asked for")


def octets_of(stimulus: Stimulus, link: int = 0) -> bytes:
    """The one frame that a stimulus becomes."""
    (frame,) = ENCODER.encode(stimulus, link, 1, nothing).frames
    return frame


def frame_of(stimulus: Stimulus, link: int = 0) -> Frame:
    return decode(octets_of(stimulus, link))


def frames_of(stimulus: Stimulus, link: int = 0) -> list[Frame]:
    return [decode(frame) for frame in ENCODER.encode(stimulus, link, 1, nothing).frames]


def datagram_of(stimulus: Stimulus) -> bytes:
    """The IP datagram of a stimulus."""
    return ENCODER.encode(stimulus, 0, 1, nothing).datagram


def changed(octets: bytes, at: int, new: bytes) -> bytes:
    """Octets with others in place of some."""
    return octets[:at] + new + octets[at + len(new) :]
