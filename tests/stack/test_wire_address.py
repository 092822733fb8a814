from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stack.wire import address
from stack.wire.address import Prefix, as_address, format_address, parse_address

PROPERTY = settings(deadline=None, derandomize=True, max_examples=100)
ADDRESSES = st.integers(0, 0xFFFFFFFF)


@PROPERTY
@given(ADDRESSES)
def test_text_round_trip(value: int) -> None:
    text = format_address(value)
    assert text == str(ipaddress.IPv4Address(value))
    assert parse_address(text) == value
    assert as_address(text) == as_address(value) == value


@pytest.mark.parametrize("text", ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-1", "a.b.c.d"])
def test_what_is_no_dotted_quad_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match="not a dotted quad"):
        parse_address(text)


@PROPERTY
@given(ADDRESSES, st.integers(0, 32), ADDRESSES)
@example(0xC0000201, 31, 0xC0000200)
@example(0xC0000201, 32, 0xC0000200)
@example(0xC0000201, 0, 0)
def test_prefix_means_what_ipaddress_means(value: int, length: int, other: int) -> None:
    prefix = Prefix.of(value, length)
    network = ipaddress.IPv4Network((value, length), strict=False)
    assert prefix == (int(network.network_address), length)
    assert prefix.netmask == int(network.netmask)
    assert str(prefix) == str(network)
    assert Prefix.parse(str(network)) == prefix
    assert prefix.contains(value)
    assert prefix.contains(other) == (ipaddress.IPv4Address(other) in network)
    if length <= 30:
        assert prefix.broadcast() == int(network.broadcast_address)
    else:
        assert prefix.broadcast() is None


def test_prefix_without_a_length_is_one_address() -> None:
    assert Prefix.parse("192.0.2.7") == (0xC0000207, 32)


@pytest.mark.parametrize("text", ["192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/008"])
def test_what_is_no_prefix_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match="not a prefix"):
        Prefix.parse(text)


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("0.0.0.0", {"zero_network"}),
        ("0.1.2.3", {"zero_network"}),
        ("10.0.0.1", set()),
        ("127.255.0.1", {"loopback"}),
        ("223.255.255.255", set()),
        ("224.0.0.1", {"multicast", "link_local_multicast"}),
        ("224.0.1.1", {"multicast"}),
        ("239.255.255.255", {"multicast"}),
        ("240.0.0.1", {"class_e"}),
        ("255.255.255.254", {"class_e"}),
        ("255.255.255.255", {"limited_broadcast"}),
    ],
)
def test_classes(text: str, classes: set[str]) -> None:
    names = {
        "zero_network", "loopback", "multicast", "link_local_multicast", "class_e",
        "limited_broadcast",
    }  # fmt: skip
    value = parse_address(text)
    assert {name for name in names if getattr(address, f"is_{name}")(value)} == classes
