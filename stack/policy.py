"""Every choice that the RFCs leave open or that real stacks make differently.

A `Policy` is a frozen value. The field defaults are preset `RFC`; the other presets say where they
differ. Where a field is a bool, True is what the RFCs want. Times are microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

SECOND: Final = 1_000_000
"""Microseconds."""


class OverlapRule(Enum):
    """What reassembly does when a fragment brings octets that another one brought."""

    EQUAL_TOLERATED = "equal octets are taken, else the train is dropped"
    CONTAINED_IGNORED = "lying inside one earlier fragment: ignored unseen; else train dropped"
    SAME_RANGE_IGNORED = "the very range of an earlier fragment: ignored unseen; else dropped"


class RepeatRule(Enum):
    """Which option types may stand in a header only once."""

    KNOWN = "those that an RFC defines"
    ALL = "all but end-of-list and no-operation"


class SourceRouting(Enum):
    """What is done with loose and strict source routes."""

    NONE = "unknown options"
    HOST = "originated, ended and reversed here, never followed for others"
    FORWARD = "also followed for others as a listed hop"


class IdentificationRule(Enum):
    """How a source chooses Identification."""

    PER_TRIPLE = "a counter for each source, destination and protocol"
    SHARED = "2,048 counters picked by a keyed hash"
    RANDOM = "a random value that is not zero"


class HeaderIncludedOptions(Enum):
    """What a raw socket with its own header does with options set on it."""

    EITHER = "they go into a header that has none; both at once is an error"
    IGNORE = "they are not sent"


@dataclass(frozen=True, slots=True)
class Policy:
    """One value for each row of section 14 of the behaviour specification, and the settings."""

    # Reassembly and cutting
    reassembly_timeout: int = 60 * SECOND
    """S14.1: from the first fragment to arrive; RFC 1122 §3.3.2 SHOULD be 60 s to 120 s."""
    overlap: OverlapRule = OverlapRule.EQUAL_TOLERATED
    """S14.2."""
    limit_with_header: bool = True
    """S14.3: header and payload above 65,535 octets are refused; else payload up to 65,536."""
    reassembly_ecn: bool = True
    """RFC 3168 §5.3: CE of any fragment is kept, and with Not-ECT fragments the whole dropped."""
    reassembly_high_mark: int = 4 * 1024 * 1024
    """S6.2: octets above which whole trains are given up, oldest first."""
    reassembly_low_mark: int = 3 * 1024 * 1024
    """S6.2: octets at or below which that stops; counts as the high mark when above it."""
    tcp_finds_mtu: bool = True
    """S7.2: TCP sends with DF and follows the path's MTU (RFC 1191 §3); else DF is never set, and
    a too-big message lowers the bound of one connection (S5.36)."""
    honour_df: bool = True
    """S14.23: a datagram with DF is never cut; else cut with DF left on."""
    copied_flag_decides: bool = True
    """S14.24: only options with the copied flag go into later pieces; else all."""
    refragment_adds_offset: bool = True
    """S14.25: pieces of a fragment keep its offset, and MF only as it says."""
    # Options
    repeated_options: RepeatRule = RepeatRule.KNOWN
    """S14.4."""
    length_fault_at_length: bool = True
    """S14.5: an impossible length octet is what the pointer names; else the type octet."""
    slot_fault_at_length: bool = True
    """S14.6: when slots do not fit, the pointer names the length octet if that is odd."""
    slotless_route_is_full: bool = True
    """S14.7: a record route without a slot is full; else a problem."""
    timestamp_flag3_overflows: bool = True
    """S14.8: a full timestamp area counts overflow with flag 3 too."""
    timestamp_matches_any_address: bool = True
    """S14.9: flag 3 matches any address of the stack; else the stamping address alone."""
    stamp_outgoing_address: bool = True
    """S14.10: the outgoing NIC's address in forwarding, the destination for one's own; else the
    main address of the arrival NIC."""
    stamp_without_address: bool = True
    """S14.11: without an address only an entry that needs one is skipped; else all is dropped."""
    router_alert_any_value: bool = True
    """S14.12: a router alert value that is not zero is ignored; else a problem."""
    echo_known_options_only: bool = True
    """S14.13: replies carry record route, timestamp, reversed source route; else also router
    alert, and no source route."""
    source_route: SourceRouting = SourceRouting.HOST
    """S12.17, S14.14."""
    drop_transit_source_routes: bool = False
    """S14.14: RFC 7126 §4.3 drops datagrams with a source route in transit; RFC 1812 §5.3.13.4
    allows such a switch, off by default."""
    headers_as_received: bool = True
    """S14.15: quotes and raw sockets show what came; else what option work made of it."""
    # ICMP
    spare_later_fragments: bool = True
    """S14.16: no error about a fragment with an offset."""
    mind_link_broadcast: bool = True
    """S14.17: frames sent to a link-layer group: no errors, no unicast delivery, no forwarding."""
    refuse_illegal_sources: bool = True
    """S14.18: RFC 1122 §3.2.1.3 MUST."""
    spare_illegal_sources: bool = True
    """S14.19: no error to a source that is not one host."""
    echo_reply_fresh_header: bool = True
    """S14.28: own Identification, flags zero; else the request's."""
    echo_reply_code_zero: bool = True
    """S14.29: else the request's code."""
    rate_limit_errors_only: bool = True
    """S14.30: the token is asked for after all checks, echo replies are free."""
    icmp_rate: int = 1000
    """S5.28: tokens a second; S14.30."""
    icmp_burst: int = 50
    """S5.28: the most tokens that are kept."""
    router_error_source_outgoing: bool = True
    """S14.34: a router's error comes from the interface it leaves by; else the arrival NIC."""
    router_error_tos: bool = True
    """S14.35: a router's error has precedence 6 and the TOS of the datagram; else 0."""
    redirects: bool = True
    """S14.36: hosts obey, routers send."""
    errors_reach_transport: bool = True
    """S14.37: all but source quench, and raw ICMP sockets get every type."""
    soft_and_hard_errors: bool = True
    """S14.38: RFC 1122 §4.2.3.9, §4.1.3.3."""
    tcp_error_sequence: bool = True
    """S14.38, S5.35: RFC 5927 §4.1: errors about TCP quote octets in flight; else ports do."""
    all_unreachables_reach_transport: bool = True
    """S5.37: all codes of destination unreachable are told apart; else 1, 3 and 4 (S5.31)."""
    pmtu_plateaus: bool = True
    """S14.39: RFC 1191 §5 search when the router told no MTU, floor 68."""
    answer_timestamp: bool = True
    """S14.40: RFC 1122 §3.2.2.8 MAY."""
    count_unknown_icmp_by_type: bool = True
    """S14.41: RFC 4293; else in.Invalid."""
    quoted_source_any_nic: bool = True
    """S14.42: the quoted source may be ours on any NIC, and the quoted IHL is checked."""
    # Addresses, routes, forwarding
    zero_host_is_broadcast: bool = True
    """S14.20: a host takes the all-zero host part as broadcast, a router drops it."""
    ttl_one_expires: bool = True
    """S14.21: RFC 1812 §5.3.1; else only TTL 0 ends in forwarding."""
    own_address_before_ttl: bool = True
    """S14.22: RFC 1812 §4.2.2.9 MUST NOT look at TTL unless forwarding."""
    transit_header_untouched: bool = True
    """S14.26: Identification 0 and source 0.0.0.0 pass; else both are replaced."""
    identification: IdentificationRule = IdentificationRule.PER_TRIPLE
    """S14.27."""
    identification_lifetime: int = 120 * SECOND
    """S14.27: RFC 6864 §4.3, the time within which a triple does not repeat a value."""
    router_unreachables: bool = True
    """S14.31: a router sends 3/0 and 3/1."""
    forward_directed_broadcasts: bool = False
    """S14.32: RFC 2644 §2: off by default."""
    forward_unicast_only: bool = True
    """S14.33: groups not joined, 240/4, 127/8, 0/8 are never forwarded."""
    longest_prefix: bool = True
    """S14.43: else the first table entry that matches."""
    source_on_next_hop_subnet: bool = True
    """S14.44: RFC 1122 §3.3.4.3; else the first primary address."""
    ttl_zero_stays: bool = True
    """S14.54: datagrams with TTL 0 never leave the host."""
    drop_external_loopback: bool = True
    """S13.3: 127/8 from outside is dropped."""
    handle_local: bool = True
    """S13.4: own addresses are reached without the link, and refused as sources from outside."""
    promotion_takes_prefix: bool = True
    """S14.52: an address made permanent takes the new prefix length."""
    # Local delivery, sockets, hooks
    header_included_strict: bool = True
    """S14.45: destination kept, above 65,535 octets refused, TTL 0 refused."""
    header_included_options: HeaderIncludedOptions = HeaderIncludedOptions.EITHER
    """S12.16."""
    received_options_to_udp: bool = True
    """S12.15: each datagram read carries the received option area."""
    raw_bind_is_destination: bool = True
    """S12.18: a bound raw socket compares the destination; else the source."""
    all_hooks: bool = True
    """S14.46: all five hooks see all datagrams, every checksum right after a rewrite."""
    igmp_version: int = 3
    """S14.47, S13.5: 3, 2, or 0 for off."""
    igmp_later_rules: bool = True
    """S14.47: version 1 queries need no router alert, only general queries change version, delays
    lie in (0, bound]."""
    igmp_to_raw_sockets: bool = True
    """S14.48: raw sockets get a copy."""
    count_delivery_after_options: bool = True
    """S14.49."""
    udp_length_rules: bool = True
    """S14.50: cut to the UDP length, below 8 malformed."""
    # Link
    neighbour_lifetime: int = 30 * SECOND
    """S13.8: a learned neighbour is believed for half to one and a half of this; RFC 1122
    §2.3.2.1 SHOULD be configurable."""
    arp_takes_new_address: bool = True
    """S14.51: RFC 826 merges at once; else S13.11."""
    count_sent_when_leaving: bool = True
    """S14.53: PacketsSent moves when a datagram leaves; else when it is queued."""


RFC: Final = Policy()
"""What the RFCs want; the default."""

NETSTACK: Final = Policy(
    reassembly_timeout=30 * SECOND,
    overlap=OverlapRule.CONTAINED_IGNORED,
    limit_with_header=False,
    reassembly_ecn=False,
    tcp_finds_mtu=False,
    honour_df=False,
    copied_flag_decides=False,
    refragment_adds_offset=False,
    repeated_options=RepeatRule.ALL,
    length_fault_at_length=False,
    slot_fault_at_length=False,
    slotless_route_is_full=False,
    timestamp_flag3_overflows=False,
    timestamp_matches_any_address=False,
    stamp_outgoing_address=False,
    stamp_without_address=False,
    router_alert_any_value=False,
    echo_known_options_only=False,
    source_route=SourceRouting.NONE,
    headers_as_received=False,
    spare_later_fragments=False,
    mind_link_broadcast=False,
    refuse_illegal_sources=False,
    spare_illegal_sources=False,
    echo_reply_fresh_header=False,
    echo_reply_code_zero=False,
    rate_limit_errors_only=False,
    router_error_source_outgoing=False,
    router_error_tos=False,
    redirects=False,
    errors_reach_transport=False,
    soft_and_hard_errors=False,
    tcp_error_sequence=False,
    all_unreachables_reach_transport=False,
    pmtu_plateaus=False,
    answer_timestamp=False,
    count_unknown_icmp_by_type=False,
    quoted_source_any_nic=False,
    zero_host_is_broadcast=False,
    ttl_one_expires=False,
    own_address_before_ttl=False,
    transit_header_untouched=False,
    identification=IdentificationRule.SHARED,
    router_unreachables=False,
    forward_unicast_only=False,
    longest_prefix=False,
    source_on_next_hop_subnet=False,
    ttl_zero_stays=False,
    drop_external_loopback=False,
    handle_local=False,
    promotion_takes_prefix=False,
    header_included_strict=False,
    header_included_options=HeaderIncludedOptions.IGNORE,
    received_options_to_udp=False,
    raw_bind_is_destination=False,
    all_hooks=False,
    igmp_version=0,
    igmp_later_rules=False,
    igmp_to_raw_sockets=False,
    count_delivery_after_options=False,
    udp_length_rules=False,
    arp_takes_new_address=False,
    count_sent_when_leaving=False,
)
"""What netstack of early 2021 does."""

NETSTACK_LATER: Final = replace(
    NETSTACK,
    overlap=OverlapRule.SAME_RANGE_IGNORED,  # S6.8
    identification=IdentificationRule.RANDOM,  # S7.7
    honour_df=True,  # S8.12
    transit_header_untouched=True,  # S8.12
    router_unreachables=True,  # S8.12
    rate_limit_errors_only=True,  # S5.13, S5.29
    all_unreachables_reach_transport=True,  # S5.37
    drop_external_loopback=True,  # S8.13
    all_hooks=True,  # S10.12
    igmp_version=3,  # S9.18
)
"""NETSTACK with what it learned later."""
