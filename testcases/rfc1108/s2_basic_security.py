"""RFC 1108 §2: the Basic Security Option on systems that do not process it.

Labels and what is done about them are for targets set up for labelled traffic. Every system takes
datagrams that carry the option (§2.7). Copying it when cutting is among the cases of RFC 791 §3.1.
"""

from __future__ import annotations

from harness.case import (
    SECURITY,
    Case,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    ip,
    option,
    send,
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1108-2.7-{what}-accepted",
            cites="1108-2.7-a",
            title=f"an echo request marked {words} is answered",
            steps=(
                send(ip(options=(option(SECURITY, label),)) / echo_request()),
                expect(ip() / echo_reply()),
            ),
            counters=echo_served(),
        )
        for what, words, label in (
            ("unclassified", "unclassified, without authorities", b"\xab"),
            ("unclassified-with-an-authority", "unclassified by an authority", b"\xab\x20"),
        )
    ),
)
