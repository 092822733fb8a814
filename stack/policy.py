"""Every choice that the RFCs leave open or that real stacks make differently.

A `Policy` is a frozen value. The field defaults are preset `RFC`; the other presets say where they
differ. Where a field is a bool, True is what the RFCs want. Times are microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from stack.choices import (
    Defence,
    HeaderIncludedOptions,
    IdentificationRule,
    OverlapRule,
    RepeatRule,
    SecurityRule,
    SourceRouting,
)

SECOND: Final = 1_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One value for each row of section 14 of the behaviour specification, and the settings."""

    # Reassembly and cutting
    reassembly_timeout: int = 60 * SECOND
    """S14.1: from the first fragment to arrive; RFC 1122 §3.3.2 SHOULD be 60 s to 120 s."""
    overlap: OverlapRule = OverlapRule.EQUAL_TOLERATED
    """S14.2: what becomes of octets that two fragments bring."""
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
    honour_df_in_transit: bool = True
    """S8.12, S14.23: the same for datagrams that are forwarded."""
    senders_set_df: bool = True
    """S7.2, S7.7: a datagram has DF when its sender asks for it; else never."""
    copied_flag_decides: bool = True
    """S14.24: only options with the copied flag go into later pieces; else all."""
    refragment_adds_offset: bool = True
    """S14.25: pieces of a fragment keep its offset, and MF only as it says."""
    # Options
    repeated_options: RepeatRule = RepeatRule.KNOWN
    """S14.4: which option types may stand in a header only once."""
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
    """S12.17, S14.14: what is done with loose and strict source routes."""
    drop_transit_source_routes: bool = False
    """S14.14: RFC 7126 §4.3 drops datagrams with a source route in transit; RFC 1812 §5.3.13.4
    allows such a switch, off by default."""
    headers_as_received: bool = True
    """S14.15: quotes and raw sockets show what came; else what option work made of it."""
    option_problems_count_twice: bool = True
    """S2.31: an option problem moves the stack-wide MalformedRcvdPackets as well."""
    basic_security: SecurityRule = SecurityRule.IGNORE
    """RFC 1108 §2.7: whether a host requires the option is for its security configuration."""
    always_verify_checksum: bool = True
    """S3.10: RFC 1122 §3.2.1.2 MUST; else not where the link says that it did."""
    # ICMP
    spare_later_fragments: bool = True
    """S14.16: no error about a fragment with an offset."""
    spare_all_broadcasts: bool = True
    """S5.16: RFC 1122 §3.2.2: no error about a datagram to any broadcast or class E address; else
    only the destination that is marked as broadcast is spared."""
    report_all_queries: bool = True
    """S5.19: RFC 1122 §3.2.2 spares ICMP errors, so there are errors about every known query; else
    only about types 0, 8 and 13 to 16."""
    cut_errors: bool = True
    """S5.21: RFC 1122 §3.2.2 wants header and eight octets quoted, so an error is cut where a link
    is too small for that; else there is none."""
    mind_link_broadcast: bool = True
    """S14.17: frames sent to a link-layer group: no errors, no unicast delivery, no forwarding."""
    refuse_illegal_sources: bool = True
    """S14.18: RFC 1122 §3.2.1.3 MUST drop 0/8, 127/8, 240/4 and broadcasts as sources."""
    spare_illegal_sources: bool = True
    """S14.19: no error to a source that is not one host."""
    echo_reply_fresh_header: bool = True
    """S14.28: own Identification, flags zero; else the request's."""
    echo_reply_code_zero: bool = True
    """S14.29: else the request's code."""
    rate_limit_errors_only: bool = True
    """S14.30: the token is asked for after all checks, echo replies are free."""
    rate_limit_too_big: bool = True
    """S5.29: fragmentation needed is limited like the other errors."""
    icmp_rate: int = 1000
    """S5.28: tokens a second; S14.30."""
    icmp_burst: int = 50
    """S5.28: the most tokens that are kept."""
    router_error_source_outgoing: bool = True
    """S14.34: a router's error comes from the interface it leaves by; else errors are routed on the
    NIC that the datagram is booked on (S5.17)."""
    count_errors_where_they_leave: bool = True
    """S5.29: out-counters are those of the NIC an error leaves by; else of the one it is about."""
    router_error_tos: bool = True
    """S14.35: a router's error has precedence 6 and the TOS of the datagram; else 0."""
    redirects: bool = True
    """S14.36: hosts obey, routers send."""
    errors_reach_transport: bool = True
    """S14.37: all but source quench, and raw ICMP sockets get every type."""
    all_unreachables_reach_transport: bool = True
    """S5.37: transports hear of every code of destination unreachable; else of 1, 3 and 4."""
    icmp_transport: bool = True
    """S5.12: ICMP messages go to raw and echo sockets; else their hand-over is only counted."""
    answer_temporary: bool = True
    """S5.13: an echo request to an address that the NIC holds for the moment is answered."""
    echo_despite_handler: bool = True
    """S5.13: RFC 1122 §3.2.2.6 MUST answer; else not what a default handler took."""
    soft_and_hard_errors: bool = True
    """S14.38: RFC 1122 §4.2.3.9, §4.1.3.3: users of every socket are told, and hard
    errors end what they hit; else S5.36."""
    tcp_error_sequence: bool = True
    """S14.38, S5.35: RFC 5927 §4.1: errors about TCP quote octets in flight; else ports do."""
    pmtu_plateaus: bool = True
    """S14.39: RFC 1191 §5 search when the router told no MTU, floor 68."""
    answer_timestamp: bool = True
    """S14.40: RFC 1122 §3.2.2.8 MAY answer timestamp requests."""
    answer_address_mask: bool = False
    """S14.40: RFC 1122 §3.2.2.9: MUST NOT unless told to be an authoritative agent; RFC 6918."""
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
    """S14.27: how Identification is chosen."""
    identification_lifetime: int = 120 * SECOND
    """S14.27: RFC 6864 §4.3, the time within which a triple does not repeat a value."""
    router_unreachables: bool = True
    """S14.31: a router sends 3/0 and 3/1."""
    forward_directed_broadcasts: bool = False
    """S14.32: RFC 2644 §2: off by default."""
    drop_directed_broadcasts: bool = True
    """S14.32: a router that does not forward directed broadcasts takes none either."""
    forward_unicast_only: bool = True
    """S14.33: groups not joined, 240/4, 127/8, 0/8 are never forwarded."""
    groups_apart: bool = True
    """S2.31, S8.14: groups are forwarded by the multicast table alone; else like unicast."""
    drop_initializing_source: bool = True
    """S8.12: a router drops sources in 0/8."""
    router_reports_truncation: bool = True
    """S2.4: RFC 1812 §5.2.2, a router points at the Total Length of a truncated packet."""
    per_nic_forwarding: bool = True
    """S8.12: each NIC has a switch of its own; else there is one for the stack."""
    count_forwarding: bool = True
    """S8.12: the Forwarding counters move, and ipSystemStatsInNoRoutes."""
    count_valid_packets: bool = False
    """S2.31: ValidPacketsReceived moves; no RFC knows it."""
    longest_prefix: bool = True
    """S14.43: and among several default gateways one that works; else the first table entry that
    matches."""
    weak_host: bool = True
    """S7.19, S7.20: if nothing better is found a datagram leaves by another NIC than the one that
    has its source, as RFC 1122 §3.3.4.2 allows; else only with forwarding on."""
    refuse_illegal_destinations: bool = True
    """S7.19: nothing is sent to 0/8 and 240/4, nor to 127/8 on a link (RFC 1122 §3.2.1.3); else
    the route table decides."""
    loop_to_members_only: bool = True
    """S7.13: what is sent to a group comes back only if this host is a member (RFC 1112 §6.1)."""
    broadcast_any_subnet: bool = True
    """S7.23: the broadcast address of any subnet of the NIC goes to the link broadcast; else only
    that of the source's subnet."""
    router_discovery: bool = False
    """RFC 1256, elective: hosts find their default gateways by advertisements."""
    source_on_next_hop_subnet: bool = True
    """S14.44: RFC 1122 §3.3.4.3; else the first primary address."""
    ttl_zero_stays: bool = True
    """S14.54: datagrams with TTL 0 never leave the host."""
    drop_external_loopback: bool = True
    """S13.3: 127/8 from outside is dropped."""
    handle_local: bool = True
    """S13.4: own addresses are reached without the link, and refused as sources from outside."""
    handle_local_spares_promiscuous: bool = True
    """S13.4: a promiscuous NIC refuses its own addresses as sources alone; else every source."""
    promotion_takes_prefix: bool = True
    """S14.52: an address made permanent takes the new prefix length."""
    default_ttl_not_zero: bool = True
    """S7.3: RFC 1122 §3.2.1.7 MUST NOT send TTL 0, so it cannot be the default; else it can."""
    routers_join_all_routers: bool = False
    """S1.24: a NIC is in 224.0.0.2 while the node forwards; no RFC wants it of all routers."""
    # Local delivery, sockets, hooks
    header_included_strict: bool = True
    """S14.45: above 65,535 octets refused, TTL 0 refused."""
    header_included_destination: bool = True
    """S7.11, S14.45: the destination in the header stays; else it is that of the route."""
    header_included_output_hook: bool = True
    """S7.11, S14.46: the output hook sees datagrams that bring their header."""
    header_included_options: HeaderIncludedOptions = HeaderIncludedOptions.EITHER
    """S12.16: what becomes of options set on a socket whose datagrams bring their header."""
    received_options_to_udp: bool = True
    """S12.15: each datagram read carries the received option area, unless its user turns that off;
    else never."""
    errors_told_unasked: bool = True
    """S12.20, S14.38: RFC 1122 §4.1.3.3 MUST pass all errors up, so a socket queues them until its
    user turns that off; else only when the user turns it on."""
    raw_bind_is_destination: bool = True
    """S12.18: a bound raw socket compares the destination; else the source."""
    all_hooks: bool = True
    """S14.46, S10.11: hooks also see looped copies at prerouting, and header-included datagrams at
    output."""
    five_hooks: bool = True
    """S14.46, S10.12, S10.13: forward and postrouting are called, translation is complete and every
    checksum right after a rewrite; else three hooks, and S10.7."""
    igmp_version: int = 3
    """S14.47, S13.5: 3, 2, or 0 for off."""
    igmp_later_rules: bool = True
    """S14.47: version 1 queries need no router alert, only general queries change version, delays
    lie in (0, bound]; version 2 is RFC 2236 in the words of RFC 9776 §7, else S9.6 to S9.13."""
    igmp_version_3_known: bool = True
    """S9.18: version 3 messages are known; else a version 3 query is read as a version 2 one, its
    report is unrecognised (S9.2, S9.3), and version 3 cannot be chosen."""
    igmp_like_others: bool = True
    """S9.15, S10.11: what IGMP sends passes hooks and counters of IP like every datagram; else it
    goes straight to the link."""
    igmp_to_raw_sockets: bool = True
    """S14.48: raw sockets get a copy."""
    raw_after_options: bool = True
    """S2.26: raw sockets get what was found to be for this host; else whatever has a valid header,
    before anyone asks whose it is (S2.31)."""
    count_delivery_after_options: bool = True
    """S14.49: InDelivers and PacketsDelivered move after option work; else before."""
    udp_length_rules: bool = True
    """S14.50: cut to the UDP length, below 8 malformed."""
    # Link
    neighbour_lifetime: int = 30 * SECOND
    """S13.8: a learned neighbour is believed for half to one and a half of this; RFC 1122
    §2.3.2.1 SHOULD be configurable."""
    arp_takes_new_address: bool = True
    """S14.51: RFC 826 merges at once; else S13.11."""
    address_defence: Defence = Defence.KEEP
    """RFC 5227 §2.4: for addresses added without a choice of their own."""
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
    honour_df_in_transit=False,
    senders_set_df=False,
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
    spare_all_broadcasts=False,
    report_all_queries=False,
    cut_errors=False,
    mind_link_broadcast=False,
    refuse_illegal_sources=False,
    spare_illegal_sources=False,
    echo_reply_fresh_header=False,
    echo_reply_code_zero=False,
    rate_limit_errors_only=False,
    router_error_source_outgoing=False,
    count_errors_where_they_leave=False,
    router_error_tos=False,
    redirects=False,
    errors_reach_transport=False,
    all_unreachables_reach_transport=False,
    soft_and_hard_errors=False,
    tcp_error_sequence=False,
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
    drop_directed_broadcasts=False,
    forward_unicast_only=False,
    groups_apart=False,
    drop_initializing_source=False,
    router_reports_truncation=False,
    per_nic_forwarding=False,
    count_forwarding=False,
    longest_prefix=False,
    weak_host=False,
    refuse_illegal_destinations=False,
    loop_to_members_only=False,
    broadcast_any_subnet=False,
    source_on_next_hop_subnet=False,
    ttl_zero_stays=False,
    drop_external_loopback=False,
    handle_local=False,
    handle_local_spares_promiscuous=False,
    promotion_takes_prefix=False,
    default_ttl_not_zero=False,
    header_included_strict=False,
    header_included_destination=False,
    header_included_output_hook=False,
    header_included_options=HeaderIncludedOptions.IGNORE,
    received_options_to_udp=False,
    errors_told_unasked=False,
    raw_bind_is_destination=False,
    all_hooks=False,
    five_hooks=False,
    igmp_version=0,
    igmp_later_rules=False,
    igmp_version_3_known=False,
    igmp_like_others=False,
    igmp_to_raw_sockets=False,
    count_delivery_after_options=False,
    udp_length_rules=False,
    arp_takes_new_address=False,
    address_defence=Defence.NONE,
    count_sent_when_leaving=False,
)
"""What netstack of early 2021 does."""

NETSTACK_LATER: Final = replace(
    NETSTACK,
    overlap=OverlapRule.SAME_RANGE_IGNORED,  # S6.8
    identification=IdentificationRule.RANDOM,  # S7.7
    honour_df_in_transit=True,  # S8.12
    senders_set_df=True,  # S7.7
    header_included_destination=True,  # S7.11
    transit_header_untouched=True,  # S8.12
    router_unreachables=True,  # S8.12
    rate_limit_errors_only=True,  # S5.13, S5.29
    option_problems_count_twice=False,  # S2.31
    always_verify_checksum=False,  # S3.10
    rate_limit_too_big=False,  # S5.29
    count_errors_where_they_leave=True,  # S5.29
    all_unreachables_reach_transport=True,  # S5.37
    answer_temporary=False,  # S5.13
    echo_despite_handler=False,  # S5.13
    drop_external_loopback=True,  # S8.13
    routers_join_all_routers=True,  # S1.24
    raw_after_options=False,  # S2.31
    count_valid_packets=True,  # S2.31
    groups_apart=True,  # S2.31, S8.14
    drop_initializing_source=True,  # S8.12
    per_nic_forwarding=True,  # S8.12
    count_forwarding=True,  # S8.12
    five_hooks=True,  # S10.12
    igmp_version=3,  # S9.18
    igmp_version_3_known=True,  # S9.18
)
"""NETSTACK with what it learned later."""
