"""AF_PACKET links between namespaces."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import pytest

from harness.link import offloads
from harness.link.af_packet import BATCH, PacketLink
from harness.target.base import TargetError, TargetGone
from harness.target.namespaces import Namespace
from tests.live.live_kit import Manners, cable, eventually, hand_made, needs_namespaces, open_link

pytestmark = needs_namespaces

FRAME = b"\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x88\xb5"
"""To nobody, from nobody, of an Ethertype for experiments."""


@pytest.fixture
def ends() -> Iterator[tuple[PacketLink, PacketLink]]:
    with hand_made() as (tester, host):
        near, far = open_link(tester, "cable"), open_link(host, "eth0")
        yield near, far
        near.close()
        far.close()


def collect(link: PacketLink, number: int) -> list[bytes]:
    frames: list[bytes] = []

    def enough() -> bool:
        frames.extend(link.receive())
        return len(frames) >= number

    eventually(enough)
    return frames


def test_frames_arrive_octet_for_octet_whomever_they_are_for(
    ends: tuple[PacketLink, PacketLink],
) -> None:
    near, far = ends
    frames = [FRAME, FRAME + bytes(range(256)), FRAME + b"\xff" * 1500]
    for frame in frames:
        near.send(frame)
    assert collect(far, 3) == frames


def test_a_link_does_not_show_what_it_sends(ends: tuple[PacketLink, PacketLink]) -> None:
    near, far = ends
    near.send(FRAME)
    assert collect(far, 1) == [FRAME]
    assert near.receive() == []


def test_nothing_waiting_is_no_error(ends: tuple[PacketLink, PacketLink]) -> None:
    assert ends[0].receive() == []


def test_a_flood_comes_in_batches_and_whole(ends: tuple[PacketLink, PacketLink]) -> None:
    near, far = ends
    wanted = [FRAME + number.to_bytes(4, "big") for number in range(BATCH + 100)]
    for frame in wanted:
        near.send(frame)
    first = far.receive()
    assert len(first) == BATCH
    assert [*first, *collect(far, 100)] == wanted
    assert far.lost() == 0


def test_a_frame_beyond_the_mtu_is_the_caller_s_mistake(
    ends: tuple[PacketLink, PacketLink],
) -> None:
    with pytest.raises(OSError, match="long") as caught:
        ends[0].send(FRAME + bytes(2000))
    assert caught.value.errno == errno.EMSGSIZE


def test_a_link_that_goes_down_is_gone_after_its_last_frames() -> None:
    with hand_made() as (tester, host):
        near, far = open_link(tester, "cable"), open_link(host, "eth0")
        far.send(FRAME)
        with tester.network() as network:
            network.bring_down("cable")
        assert near.receive() == [FRAME]
        with pytest.raises(TargetGone, match="cable is down or gone"):
            near.receive()
        with pytest.raises(TargetGone, match="cable is down or gone"):
            near.send(FRAME)
        near.close()
        far.close()


def test_a_link_whose_far_end_is_taken_away_is_gone() -> None:
    with hand_made() as (tester, host):
        near = open_link(tester, "cable")
        host.close()

        def gone() -> bool:
            try:
                near.receive()
            except TargetGone:
                return True
            return False

        assert eventually(gone)
        near.close()


def test_an_unknown_interface_is_named() -> None:
    with pytest.raises(TargetError, match="no interface 'nosuch0'"):
        PacketLink("nosuch0")


def test_closing_twice_is_harmless(ends: tuple[PacketLink, PacketLink]) -> None:
    ends[0].close()
    ends[0].close()


def test_offloads_go_off_and_are_seen_to_be_off() -> None:
    with hand_made() as (tester, _), tester.entered():
        assert offloads.is_on("cable", offloads.TRANSMIT_CHECKSUM)
        assert offloads.switch_off("cable") == ()
        assert not any(offloads.is_on("cable", offload) for offload in offloads.ALL)


def test_entering_a_namespace_ends_with_the_block_however_it_ends() -> None:
    namespace = Namespace()
    before = Namespace.__name__, namespace.get("ipv4/ip_forward")
    with pytest.raises(ZeroDivisionError), namespace.entered():
        raise ZeroDivisionError
    with pytest.raises(TargetError, match="no interface 'cable'"):
        PacketLink("cable")
    assert before == (Namespace.__name__, namespace.get("ipv4/ip_forward"))
    namespace.close()


def test_the_tester_s_kernel_stays_silent_and_the_tester_speaks() -> None:
    with hand_made() as (tester, _):
        link = open_link(tester, "cable")
        reply = Manners(link, cable()).echo("192.0.2.10")
        assert reply is not None
        assert reply.faults == []
        link.close()
