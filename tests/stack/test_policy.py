from __future__ import annotations

import stack
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, SECOND, Policy


def test_presets() -> None:
    assert Policy() == RFC
    assert stack.RFC is RFC
    assert (RFC.reassembly_timeout, NETSTACK.reassembly_timeout) == (60 * SECOND, 30 * SECOND)
    assert len({RFC, NETSTACK, NETSTACK_LATER}) == 3
