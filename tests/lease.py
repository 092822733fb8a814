"""A lease for tests, on addresses of RFC 5737 and RFC 2544."""

from __future__ import annotations

from harness.addresses import Lease, LeasePool, LinkPlan

NEAR_PLAN = LinkPlan(
    name="near",
    target="192.0.2.1",
    prefix_length=24,
    gateway="192.0.2.254",
    second_gateway="192.0.2.253",
    neighbours=tuple(f"192.0.2.{last}" for last in range(10, 100)),
    absent=("192.0.2.200", "192.0.2.201"),
    remotes="198.18.0.0/16",
    target_mac=bytes.fromhex("020000000001"),
)
FAR_PLAN = LinkPlan(
    name="far",
    target="198.51.100.1",
    prefix_length=24,
    gateway="198.51.100.254",
    second_gateway=None,
    neighbours=tuple(f"198.51.100.{last}" for last in range(10, 100)),
    absent=("198.51.100.200",),
    remotes="198.19.0.0/16",
    target_mac=bytes.fromhex("020000000002"),
)


def lease(number: int = 0) -> Lease:
    return LeasePool((NEAR_PLAN, FAR_PLAN)).numbered(number)
