"""RFC 950, Appendix I: what becomes of an Address Mask Request (RFC 6918 deprecates it)."""

from __future__ import annotations

from harness.case import (
    LIMITED_BROADCAST,
    Case,
    classify,
    ip,
    mask_reply,
    mask_request,
    send,
    way,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc950-appendix-mask-request-observed",
        cites="950-A1-a",
        title="what becomes of an Address Mask Request",
        steps=(
            send(ip() / mask_request()),
            classify(
                "an Address Mask Request",
                way("ignored", None),
                way("answered", ip() / mask_reply()),
            ),
        ),
    ),
    Case(
        "rfc950-appendix-mask-request-from-nobody-observed",
        cites="950-A1-a",
        title="what becomes of an Address Mask Request by broadcast from a host without address",
        steps=(
            send(ip(src="0.0.0.0", dst=LIMITED_BROADCAST) / mask_request()),
            classify(
                "an Address Mask Request from 0.0.0.0",
                way("ignored", None),
                way("answered by broadcast", ip(dst=LIMITED_BROADCAST) / mask_reply()),
            ),
        ),
    ),
)
