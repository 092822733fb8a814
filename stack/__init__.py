"""The reference stack: an IPv4 host, and a router when told to forward.

Rule: no input or output, no clock, no randomness of its own, no thread, no global state. Frames and
the time come in as arguments; frames come out of `Node.poll`. Any octets may arrive: nothing raises
and memory is bounded. Expected trouble is a value. Nothing but the standard library is used.

Every rule stands beside the branch that obeys it, with its RFC and section. Choices that the RFCs
leave open, and habits of real stacks, are fields of `Policy`.

Modules in reading order:

The facade
    ``node`` (start here) with ``node_sockets`` and ``node_hooks``, ``policy`` (the
    presets RFC, NETSTACK, NETSTACK_LATER) with ``choices``, ``hooks``, ``counters``
Octets to values and back
    ``wire``
What a node consists of
    ``core``, ``nic``, ``nics``, ``own_address``, ``own_networks``, ``addresses``,
    ``address_index``, ``groups``, ``routes`` (with ``redirects`` and ``gateways``),
    ``neighbours``, ``path_mtu``, ``timers``, ``agenda``, ``inbound``, ``settings``, ``refusal``
A datagram's way in
    ``link``, ``link_failure``, ``arp``, ``receive``, ``packet_socket``, ``forward``,
    ``multicast_table``, ``multicast_forward``, ``deliver``, ``reassembly``, ``train``, ``overlap``
What a node finds out by itself
    ``address_trials``, ``address_probe``, ``router_list``, ``router_discovery``
Options
    ``options`` (one pass over an area), ``option_walk``, ``option_work``, ``option_copying``,
    ``source_route``, ``security_option``, ``user_options``, ``return_options``
A datagram's way out
    ``route_choice``, ``send``, ``header_included``, ``send_many``, ``identification``, ``fragment``
ICMP and IGMP
    ``icmp``, ``icmp_reply``, ``icmp_errors``, ``rate_limit``, ``icmp_report``, ``igmp``,
    ``membership``, ``membership_v2``
Hooks
    ``hook_packet``, ``hook_match``, ``hook_tables``, ``hook_output``, ``nat``,
    ``connection_tracking``, ``translation``, ``nat_targets``, ``hook_reject``
Transport and its users
    ``udp``, ``raw``, ``handlers``, ``socket_table``, ``socket_errors``, ``socket_settings``,
    ``socket_options``, ``socket_base``, ``udp_socket``, ``portless_socket`` (for both of)
    ``raw_socket``, ``icmp_socket``
TCP
    ``tcp`` (who gets a segment), ``tcp_connection``, ``tcp_table``, ``tcp_listen``, ``tcp_input``,
    ``tcp_output``, ``tcp_round_trip``, ``tcp_timers``, ``tcp_options``, ``tcp_errors``,
    ``tcp_end``, ``tcp_socket``
"""

from __future__ import annotations

from stack.node import Node
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy

__all__ = ["NETSTACK", "NETSTACK_LATER", "RFC", "Node", "Policy"]
