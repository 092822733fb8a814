"""Faults of a router: what goes wrong with datagrams on their way."""

from __future__ import annotations

import pytest

from tests.faults.framework import Fault, both, judged, replaced, wrapped
from tests.faults.router_patches import (
    RESERVED,
    alerted,
    backwards,
    chosen,
    df_cleared,
    dropped,
    identification_counted,
    is_special,
    onward,
    options_lost,
    reserved_cleared,
    rfc1141,
    smaller,
    stale_checksum,
    tos_cleared,
    ttl_kept,
    zero_wraps,
)

FAULTS = (
    Fault(
        "TTL is not lowered",
        {"1122-3.1-e", "1122-3.3.5-c", "1812-5.3.1-b", "791-3.1.ttl-b"},
        onward(ttl_kept),
    ),
    Fault(
        "TTL 1 goes on with TTL 0",
        {
            "1122-3.3.5-c",
            "1812-4.2.2.3-a",
            "1812-4.2.2.9-b",
            "1812-4.3.2.3-a",
            "1812-4.3.2.3-b",
            "1812-4.3.2.4-a",
            "1812-4.3.2.5-b",
            "1812-4.3.2.6-a",
            "1812-5.2.7.3-a",
            "1812-5.3.1-a",
            "791-3.1.ttl-a",
            "792-fmt-a",
            "792-fmt-d",
            "792-te-a",
            "792-te-b",
        },
        chosen(ttl_one_expires=False),
        blinds={
            "rfc1812-4.3.2.7-about-bad-checksum",
            "rfc1812-4.3.2.7-about-class-e-source",
            "rfc1812-4.3.2.7-about-directed-broadcast-destination",
            "rfc1812-4.3.2.7-about-group-destination",
            "rfc1812-4.3.2.7-about-later-fragment",
            "rfc1812-4.3.2.7-about-limited-broadcast-destination",
            "rfc1812-4.3.2.7-about-limited-broadcast-source",
            "rfc1812-4.3.2.7-about-link-broadcast",
            "rfc1812-4.3.2.7-about-link-multicast",
            "rfc1812-4.3.2.7-about-loopback-source",
            "rfc1812-4.3.2.7-about-multicast-source",
            "rfc1812-4.3.2.7-about-parameter-problem",
            "rfc1812-4.3.2.7-about-redirect",
            "rfc1812-4.3.2.7-about-source-quench",
            "rfc1812-4.3.2.7-about-subnet-broadcast-source",
            "rfc1812-4.3.2.7-about-time-exceeded",
            "rfc1812-4.3.2.7-about-unreachable",
            "rfc1812-4.3.2.7-about-zero-network-source",
            "rfc1812-4.3.2.7-about-zero-source",
        },
    ),
    Fault(
        "TTL 0 goes on with TTL 254",
        {"1812-5.2.7.3-a", "1812-5.3.1-a", "791-3.1.ttl-a"},
        wrapped("stack.forward._expired", zero_wraps),
    ),
    Fault("checksums are kept", {"791-3.1.cksum-c"}, wrap=stale_checksum),
    Fault("checksums are updated as in RFC 1141", {"1624-3-a", "791-3.1.cksum-c"}, wrap=rfc1141),
    Fault(
        "DF is not honoured",
        {
            "1122-3.3.5-d",
            "1191-4-a",
            "1812-5.2.7.1-c",
            "6864-4.3-b",
            "791-3.2.frag-f",
            "791-3.3-c",
            "792-du-e",
        },
        chosen(honour_df=False, honour_df_in_transit=False),
    ),
    Fault(
        "DF is cleared",
        {
            "1122-3.3.5-d",
            "1191-4-a",
            "1812-5.2.7.1-c",
            "6864-4.3-b",
            "6864-4.3-c",
            "791-3.2.frag-f",
            "792-du-e",
        },
        onward(df_cleared),
    ),
    Fault("the reserved flag is cleared", {"1812-5.2.5-a"}, onward(reserved_cleared)),
    Fault("TOS is cleared", {"2474-3-c", "791-3.2.frag-g"}, onward(tos_cleared)),
    Fault(
        "Identification is rewritten",
        {"6864-4-a", "791-3.2.frag-g"},
        onward(identification_counted),
    ),
    Fault(
        "options are taken out",
        {
            "1108-2-a",
            "1122-3.2.1.8c-f",
            "1122-3.3.5-g",
            "1122-3.3.5-h",
            "1812-4.2.2.2-a",
            "1812-5.2.3-a",
            "1812-5.3.13-a",
            "2113-2.1-a",
            "2113-2.2-b",
            "2113-2.2-d",
            "7126-4.12-a",
            "791-3.1.lsrr-b",
            "791-3.1.lsrr-c",
            "791-3.1.lsrr-d",
            "791-3.1.lsrr-f",
            "791-3.1.opt-c",
            "791-3.1.ssrr-a",
            "791-3.1.ssrr-b",
            "791-3.2.frag-d",
        },
        onward(options_lost),
    ),
    Fault(
        "all options go into all pieces",
        {"791-3.1.opt-c", "791-3.1.rr-g", "791-3.1.ts-i"},
        chosen(copied_flag_decides=False),
    ),
    Fault(
        "pieces of fragments begin at zero",
        {"791-3.1.opt-c", "791-3.2.fragproc-a"},
        chosen(refragment_adds_offset=False),
        blinds={"rfc791-3.2-df-never-cut-later-fragment"},
    ),
    Fault("pieces leave backwards", {"1812-4.2.2.7-b"}, wrapped("stack.send.fragment", backwards)),
    Fault(
        "pieces are half as long",
        {
            "1122-2.3.3-g",
            "1812-4.2.2.7-b",
            "4293-ipSystemStatsOutFragCreates",
            "4293-ipSystemStatsOutTransmits",
        },
        wrapped("stack.send.fragment", smaller),
    ),
    Fault(
        "later fragments are held",
        {
            "1812-5.2.6-a",
            "6864-4.3-c",
            "791-3.1.cksum-c",
            "791-3.1.opt-c",
            "791-3.2.fragproc-a",
            "792-rd-b",
        },
        dropped(lambda h: h.fragment_offset > 0),
        blinds={
            "rfc1812-4.2.2.5-wrong-checksum-of-a-fragment",
            "rfc791-3.1-ttl-expiry-of-a-fragment",
            "rfc791-3.2-df-never-cut-later-fragment",
        },
    ),
    Fault(
        "router alerts stay here",
        {"2113-2.1-a", "2113-2.2-b", "2113-2.2-d", "6398-5-a"},
        dropped(alerted),
    ),
    Fault(
        "the reserved flag is refused",
        {"1812-4.2.2.3-a", "1812-4.2.2.3-b", "1812-5.2.5-a"},
        dropped(lambda h: bool(h.flags & RESERVED)),
    ),
    Fault(
        "high precedence is refused",
        {"1812-5.3.3.3-a", "2474-3-c"},
        dropped(lambda h: h.tos >= 0xC0),
    ),
    Fault(
        "TTL 2 is dropped early",
        {"1812-5.3.1-b"},
        dropped(lambda h: h.ttl == 2),
        blinds={"rfc792-time-exceeded-in-transit"},
    ),
    Fault(
        "any address may travel",
        {"1812-4.2.2.11-b", "1812-4.2.3.1-b", "1812-5.3.7-a", "1812-5.3.7-b", "3927-2.7-a"},
        both(
            replaced("stack.forward._may_travel", lambda _: True),
            chosen(drop_external_loopback=False, drop_initializing_source=False),
        ),
    ),
    Fault(
        "link-local addresses may travel",
        {"3927-2.7-a"},
        replaced("stack.forward._may_travel", lambda address: not is_special(address)),
    ),
    Fault("directed broadcasts go on", {"2644-3-a"}, chosen(forward_directed_broadcasts=True)),
    Fault(
        "link broadcasts go on",
        {
            "1122-2.4-a",
            "1122-3.2.2-i",
            "1122-3.3.6-f",
            "1812-4.3.2.7-d",
            "1812-5.3.4-a",
            "1812-5.3.4-b",
        },
        chosen(mind_link_broadcast=False),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""
