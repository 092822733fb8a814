"""Faults of a router: errors, redirects, ARP, and where source routes lead."""

from __future__ import annotations

import pytest

from tests.faults.framework import Fault, judged, replaced, wrapped
from tests.faults.router_patches import (
    arrival_side,
    chosen,
    lost,
    mtu_untold,
    no_problems,
    not_turned_back,
    passed_on,
    redirected_across,
    redirected_afar,
    short_quote,
    unrouted,
)

FAULTS = (
    Fault(
        "no unreachables",
        {
            "1812-3.3.2-b",
            "1812-4.2.2.11-d",
            "1812-4.3.2.2-a",
            "1812-4.3.2.3-a",
            "1812-4.3.2.3-b",
            "1812-4.3.2.4-a",
            "1812-4.3.3.1-a",
            "1812-4.3.3.1-b",
            "1812-4.3.3.9-b",
            "1812-5.2.7.1-d",
            "792-du-a",
            "792-fmt-a",
            "792-fmt-e",
        },
        chosen(router_unreachables=False),
        blinds={"rfc1812-5.2.7.1-codes-6-and-8-not-used"},
    ),
    Fault(
        "a silent host is a missing network",
        {"1812-4.3.3.1-b", "1812-5.2.7.1-d"},
        replaced("stack.forward.HOST_UNREACHABLE", 0),
    ),
    Fault(
        "a missing network is an unknown one",
        {"1812-4.3.3.1-a", "1812-5.2.7.1-a"},
        replaced("stack.forward.NET_UNREACHABLE", 6),
    ),
    Fault(
        "3/4 tells no MTU",
        {"1191-4-a", "1812-5.2.7.1-c"},
        replaced("stack.icmp_errors.fragmentation_needed", mtu_untold),
    ),
    Fault(
        "errors quote eight octets",
        {"1812-4.3.2.3-a"},
        wrapped("stack.icmp_errors._quote", short_quote),
    ),
    Fault("errors have TOS 0", {"1812-4.3.2.5-b"}, chosen(router_error_tos=False)),
    Fault(
        "the arrival address is recorded",
        {
            "1122-3.3.5-g",
            "1812-4.2.2.2-a",
            "1812-5.2.3-a",
            "791-3.1.lsrr-c",
            "791-3.1.lsrr-d",
            "791-3.1.lsrr-f",
            "791-3.1.rr-c",
            "791-3.1.ssrr-a",
            "791-3.1.ssrr-b",
        },
        chosen(stamp_outgoing_address=False),
    ),
    Fault(
        "no redirects",
        {
            "1122-3.2.2.2-b",
            "1122-3.2.2.2-c",
            "1122-3.3.1.2-a",
            "1122-3.3.1.2-b",
            "1812-5.2.7.2-a",
            "1812-5.2.7.2-c",
            "792-rd-a",
        },
        chosen(redirects=False),
        blinds={
            "rfc1812-5.2.7.2-no-network-redirect",
            "rfc1812-5.2.7.2-no-redirect-about-a-later-fragment",
            "rfc1812-5.2.7.2-no-redirect-about-an-error",
            "rfc1812-5.2.7.2-no-redirect-across-interfaces",
            "rfc1812-5.2.7.2-no-redirect-on-a-source-route",
            "rfc1812-5.2.7.2-no-redirect-to-a-distant-source",
        },
    ),
    Fault(
        "redirects are for networks", {"1812-5.2.7.2-a"}, replaced("stack.forward.REDIRECT_HOST", 0)
    ),
    Fault("redirects about source routes", {"1812-5.2.7.2-b", "792-rd-c"}, passed_on(unrouted)),
    Fault(
        "redirects across interfaces",
        {"1812-5.2.7.2-b"},
        passed_on(redirected_across),
    ),
    Fault(
        "redirects to distant hosts",
        {"1812-4.2.2.2-a", "1812-5.2.7.2-b"},
        replaced("stack.forward._redirect", redirected_afar),
    ),
    Fault(
        "redirected datagrams are lost",
        {"1812-4.2.2.2-a", "1812-5.2.3-a", "1812-5.2.7.2-c", "792-rd-b"},
        wrapped("stack.forward._pass_on", not_turned_back),
        blinds={
            "rfc1812-5.2.7.2-no-network-redirect",
            "rfc1812-5.2.7.2-no-redirect-about-a-later-fragment",
            "rfc1812-5.2.7.2-no-redirect-about-an-error",
            "rfc1812-5.2.7.2-no-redirect-across-interfaces",
            "rfc1812-5.2.7.2-no-redirect-on-a-source-route",
            "rfc1812-5.2.7.2-no-redirect-to-a-distant-source",
        },
    ),
    Fault(
        "SSRR of others is let pass",
        {"1812-5.2.2-d"},
        replaced("stack.forward._may_pass", lambda *_: True),
    ),
    Fault(
        "no parameter problems",
        {
            "1122-3.2.2.5-a",
            "1122-3.3.8-a",
            "1812-4.3.3.5-a",
            "1812-5.2.2-c",
            "1812-5.2.2-d",
            "1812-5.2.4.1-a",
        },
        wrapped("stack.icmp_errors.report", no_problems),
    ),
    Fault(
        "errors come from the arrival side",
        {"1812-4.3.2.4-a"},
        wrapped("stack.icmp_errors._way_back", arrival_side),
    ),
    Fault(
        "any link address is believed",
        {"1812-3.3.2-c"},
        replaced("stack.arp.is_mac", lambda _: True),
    ),
    Fault(
        "a datagram for a new neighbour is lost",
        {
            "1122-3.2.1.8c-f",
            "1812-3.3.2-b",
            "1812-4.2.2.2-a",
            "1812-4.2.3.4-a",
            "1812-5.2.3-a",
            "1812-5.2.4.3-b",
            "791-3.1.cksum-c",
            "791-3.1.lsrr-c",
            "791-3.1.lsrr-d",
            "791-3.1.lsrr-f",
            "791-3.1.ssrr-a",
            "791-3.1.ssrr-b",
            "792-rd-b",
        },
        wrapped("stack.link.release", lost),
        blinds={
            "rfc1812-5.2.4.1-two-source-routes-loose-loose",
            "rfc1812-5.2.4.1-two-source-routes-loose-strict",
            "rfc1812-5.2.4.3-strict-route-to-distant-address",
            "rfc1812-5.3.13-source-routes-off",
            "rfc791-3.1-strict-source-route-past-a-gateway-refused",
            "rfc922-7-no-host-has-the-broadcast-address",
        },
    ),
    Fault(
        "strict routes are loose",
        {"1122-3.3.5-e", "1812-5.2.2-d", "1812-5.2.4.3-a", "791-3.1.ssrr-a"},
        replaced("stack.source_route.SourceRoute.is_strict", property(lambda _: False)),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""
