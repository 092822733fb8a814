"""The presets that a test is run on, by the argument `policy`."""

from __future__ import annotations

import pytest

from stack.policy import NETSTACK, NETSTACK_LATER, RFC

PRESETS = {"rfc": RFC, "netstack": NETSTACK, "later": NETSTACK_LATER}

each_preset = pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
rfc_and_netstack = pytest.mark.parametrize("policy", [RFC, NETSTACK], ids=["rfc", "netstack"])
"""All that raw sockets beside ICMP can have: later they get datagrams before ICMP looks (S2.31)."""
rfc_and_later = pytest.mark.parametrize("policy", [RFC, NETSTACK_LATER], ids=["rfc", "later"])
both_netstacks = pytest.mark.parametrize(
    "policy", [NETSTACK, NETSTACK_LATER], ids=["netstack", "later"]
)
