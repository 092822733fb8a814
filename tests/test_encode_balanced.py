"""Templates whose octets follow from others: sums of zero, and what stands behind a quote."""

from __future__ import annotations

import pytest

from harness.case import OPEN_PORT, TESTER_PORT, ZERO_SUM, data, icmp, ip, udp, unreachable
from harness.case.packet import Stimulus
from harness.case.symbols import NEAR
from harness.decode import Frame, decode
from harness.encode import Encoder
from harness.encode_checksum import TemplateError
from harness.internet_checksum import ones_complement_sum
from tests.lease import lease


def _frame(stimulus: Stimulus, number: int = 0) -> Frame:
    encoded = Encoder(lease(number)).encode(stimulus, NEAR, 1, lambda label, path: None)
    return decode(encoded.frames[0])


@pytest.mark.parametrize("number", range(5))
def test_a_sum_of_zero_is_sent_as_all_ones(number: int) -> None:
    template = ip() / udp(dport=OPEN_PORT, checksum=ZERO_SUM) / data(b"sum to nil..")
    frame = _frame(template, number)
    assert frame.get("udp", "checksum") == 0xFFFF
    assert frame.get("udp", "checksum_right")
    carried = frame.get("data", "octets")
    assert (len(carried), carried[:10]) == (12, b"sum to nil")
    packet = frame.datagram
    pseudo = packet[12:20] + b"\x00\x11" + packet[24:26]
    assert ones_complement_sum(pseudo + packet[20:26] + packet[28:]) == 0xFFFF


@pytest.mark.parametrize("octets", [b"", b"odd"])
def test_a_sum_of_zero_needs_two_octets_to_make_it(octets: bytes) -> None:
    with pytest.raises(TemplateError):
        _frame(ip() / udp(checksum=ZERO_SUM) / data(octets))


def test_a_tail_stands_behind_the_quote() -> None:
    quoted = ip() / udp(sport=OPEN_PORT, dport=TESTER_PORT) / data(b"behind the first eight")
    frame = _frame(ip() / unreachable(3, quote=quoted, tail=b"tail"))
    quote = frame.get("icmp", "quote")
    assert (len(quote), quote[28:]) == (32, b"tail")
    assert frame.get("icmp", "checksum_right")
    assert _frame(ip() / icmp(3, rest=bytes(4))).get("icmp", "quote") == b""
