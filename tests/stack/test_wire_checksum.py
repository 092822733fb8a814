from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.wire.checksum import checksum_is_right, internet_checksum, pseudo_header

PROPERTY = settings(deadline=None, derandomize=True, max_examples=200)


def by_the_book(octets: bytes) -> int:
    """RFC 1071 §4.1, word by word."""
    total = 0
    for at in range(0, len(octets), 2):
        total += int.from_bytes(octets[at : at + 2].ljust(2, b"\0"), "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@PROPERTY
@given(st.binary(max_size=80))
def test_is_the_sum_of_the_book(octets: bytes) -> None:
    assert internet_checksum(octets) == by_the_book(octets)


@PROPERTY
@given(st.lists(st.sampled_from([0, 1, 0xFFFE, 0xFFFF, 0x7FFF, 0x8000]), max_size=12))
def test_is_the_sum_of_the_book_where_sums_are_extreme(words: list[int]) -> None:
    octets = b"".join(word.to_bytes(2, "big") for word in words)
    assert internet_checksum(octets) == by_the_book(octets)


@PROPERTY
@given(st.binary(min_size=1, max_size=4), st.integers(508, 520), st.integers(0, 0xFFFF))
def test_is_the_sum_of_the_book_where_it_is_summed_in_halves(
    octets: bytes, size: int, word: int
) -> None:
    long = (octets * size)[:size]
    before = word.to_bytes(2, "big")
    assert internet_checksum(long) == by_the_book(long)
    assert internet_checksum(long, word) == by_the_book(before + long)
    right = internet_checksum(long).to_bytes(2, "big") + long
    assert checksum_is_right(right) is any(right)
    assert not checksum_is_right(right[:-1] + bytes((right[-1] ^ 1,)))


@pytest.mark.parametrize(
    ("octets", "checksum"),
    [
        (b"", 0xFFFF),
        (bytes(20), 0xFFFF),
        (b"\xff\xff", 0),  # the trap: a multiple of 0xFFFF that is not zero
        (b"\xff\xff\xff\xff", 0),
        (b"\x00\x01\xff\xfe", 0),
        (b"\x80", 0x7FFF),
        (bytes.fromhex("0001f203f4f5f6f7"), 0x220D),  # RFC 1071 §3
    ],
)
def test_known_answers(octets: bytes, checksum: int) -> None:
    assert internet_checksum(octets) == checksum


@PROPERTY
@given(st.binary(max_size=40))
def test_a_checksum_put_in_front_is_right(octets: bytes) -> None:
    assert checksum_is_right(internet_checksum(octets).to_bytes(2, "big") + octets)


def test_only_the_sum_is_judged() -> None:
    assert checksum_is_right(b"\xff\xff" + bytes(18))  # RFC 1624: another zero
    assert not checksum_is_right(bytes(20))
    assert not checksum_is_right(b"")


def test_pseudo_header() -> None:
    assert pseudo_header(0xC0000201, 0xC0000202, 17, 9) == bytes.fromhex("c0000201c000020200110009")
