"""Whatever options and ICMP messages come, under whatever choices: nothing raises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stack.choices import SecurityRule, SourceRouting
from stack.policy import Policy
from stack.wire.icmp import IcmpMessage, build_icmp
from tests.stack.icmp_kit import answers, quoted
from tests.stack.node_kit import HOST, PEER, Wire, datagram
from tests.stack.preset_kit import PRESETS

CHOICES = (
    "headers_as_received",
    "count_delivery_after_options",
    "stamp_outgoing_address",
    "stamp_without_address",
    "timestamp_flag3_overflows",
    "slotless_route_is_full",
    "echo_known_options_only",
    "echo_reply_fresh_header",
    "rate_limit_errors_only",
    "spare_later_fragments",
    "errors_reach_transport",
    "pmtu_plateaus",
    "quoted_source_any_nic",
    "answer_address_mask",
    "router_error_source_outgoing",
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    preset = draw(st.sampled_from(list(PRESETS.values())))
    chosen: dict[str, Any] = draw(
        st.dictionaries(st.sampled_from(CHOICES), st.booleans(), max_size=6)
    )
    return replace(
        preset,
        source_route=draw(st.sampled_from(SourceRouting)),
        basic_security=draw(st.sampled_from(SecurityRule)),
        **chosen,
    )


OPTION = st.builds(
    lambda kind, where, flag, slots: bytes((kind, 4 + len(slots), where, flag)) + slots,
    st.sampled_from([7, 68, 131, 137, 148, 130, 133, 94]),
    st.integers(0, 22),
    st.sampled_from([0, 1, 3, 0xE0, 0xF0, 0xF1, 0xF3, 192]),
    st.binary(max_size=16),
)
AREAS = st.one_of(
    st.binary(max_size=40), st.lists(OPTION, max_size=4).map(lambda parts: b"".join(parts)[:40])
)
MESSAGES = st.builds(
    lambda kind, code, rest, data: build_icmp(IcmpMessage(kind, code, rest, data)),
    st.sampled_from([0, 3, 4, 5, 8, 11, 12, 13, 17, 40]),
    st.integers(0, 5),
    st.binary(min_size=4, max_size=4),
    st.one_of(st.binary(max_size=40), st.just(quoted())),
)
DESTINATIONS = st.sampled_from([HOST, "192.0.2.255", "224.0.0.1", "203.0.113.1", "203.0.113.9"])


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    policies(),
    st.lists(st.tuples(AREAS, MESSAGES, DESTINATIONS, st.integers(0, 3)), max_size=4),
    st.booleans(),
)
def test_no_option_and_no_message_raises(
    policy: Policy, arrivals: list[tuple[bytes, bytes, str, int]], forwarding: bool
) -> None:
    wire = Wire(replace(policy, icmp_rate=10**6))
    wire.second_nic(forwarding=forwarding)
    wire.node.raw_socket(1)
    for area, message, destination, flags in arrivals:
        wire.ip(
            datagram(message, source=PEER, destination=destination, options=area, flags=flags & 1)
        )
        wire.frames(after=1000)
    assert answers(wire) or policy.basic_security is SecurityRule.REQUIRE
