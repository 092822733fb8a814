"""Faults of ICMP on a host: RFC 792, RFC 1122 §3.2.2, and what followed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.inbound import Cast
from stack.send import Wish
from tests.faults.framework import Fault, both, judged, replaced, wrapped
from tests.faults.icmp_udp_kit import (
    UNKNOWN_TYPES,
    answering,
    as_written,
    chosen,
    echo_changed,
    extended_behind,
    is_error,
    mask_believed,
    nothing,
    quote_changed,
    reports,
    timestamp_changed,
    with_handlers,
)

FAULTS: tuple[Fault, ...] = (
    Fault(
        "57 octets of echo data lose the last",
        shows={"792-echo-b", "792-echo-c"},
        patch=echo_changed(lambda m: replace(m, data=m.data[:56]) if len(m.data) == 57 else m),
    ),
    Fault(
        "9 octets of echo data are filled up",
        shows={"1122-2.3.2.1-a", "792-echo-b", "792-echo-c"},
        patch=echo_changed(lambda m: replace(m, data=m.data + bytes(1)) if len(m.data) == 9 else m),
    ),
    Fault(
        "an echo of identifier 0 is given another",
        shows={"792-echo-d"},
        patch=echo_changed(
            lambda m: replace(m, rest=m.rest if any(m.rest[:2]) else b"\x00\x01" + m.rest[2:])
        ),
    ),
    Fault(
        "sequences above 255 have their octets swapped",
        shows={"791-B-a", "792-echo-d"},
        patch=echo_changed(
            lambda m: replace(m, rest=m.rest[:2] + m.rest[:1:-1]) if m.rest[2] else m
        ),
    ),
    Fault(
        "echo replies have code 1",
        shows={"792-echo-a"},
        patch=echo_changed(lambda m: replace(m, code=1)),
    ),
    Fault(
        "ICMP checksums are not looked at",
        shows={"792-du-b", "792-echo-b"},
        patch=replaced("stack.wire.icmp.checksum_is_right", lambda *_: True),
    ),
    Fault(
        "unknown ICMP types are answered",
        shows={"1122-3.2.2-a", "1812-4.3.2.1-a", "6918-3-a", "8335-4-a"},
        patch=with_handlers(**{f"type_{kind}": answering(0) for kind in UNKNOWN_TYPES}),
    ),
    Fault(
        "information requests are answered",
        shows={"1122-3.2.2.7-a", "1812-4.3.3.7-a", "6918-3-a"},
        patch=with_handlers(type_15=answering(16)),
    ),
    Fault(
        "address mask requests are answered",
        shows={"1122-3.2.2.9-j", "6918-3-a"},
        patch=with_handlers(type_17=answering(18, b"\xff\xff\xff\x00")),
    ),
    Fault(
        "address mask replies are believed",
        shows={"1122-3.2.2.9-h"},
        patch=with_handlers(type_18=mask_believed),
        blinds={
            "rfc1122-3.2.2-unasked-replies-silent",
            "rfc1122-3.2.2.9-mask-reply-gives-no-authority",
            "rfc1812-4.3.3.9-mask-reply-not-believed",
            "rfc6918-3-address-mask-reply-silent",
        },
    ),
    Fault(
        "extended echo requests are answered",
        shows={"8335-4-a"},
        patch=with_handlers(type_42=answering(43)),
    ),
    Fault(
        "errors are sent about errors",
        shows={"1122-3.2.2-g", "1122-3.3.5-m", "1812-4.3.2.7-a"},
        patch=reports(is_error),
    ),
    Fault(
        "errors are sent about broadcasts and groups",
        shows={
            "1112-7.2-d",
            "1122-3.2.2-h",
            "1812-4.2.3.1-a",
            "1812-4.3.2.7-c",
            "1812-5.3.5.1-a",
            "919-7-a",
        },
        patch=reports(lambda inbound: inbound.cast is not Cast.UNICAST),
    ),
    Fault(
        "a link broadcast is taken for any other frame",
        shows={
            "1122-2.4-a",
            "1122-3.2.2-i",
            "1122-3.3.6-f",
            "1812-4.3.2.7-d",
            "1812-5.3.4-a",
            "1812-5.3.4-b",
        },
        patch=chosen(mind_link_broadcast=False),
    ),
    Fault(
        "errors are sent about later fragments",
        shows={"1122-3.2.2-j", "1812-4.3.2.7-f", "792-intro-c"},
        patch=chosen(spare_later_fragments=False),
    ),
    Fault(
        "errors go to sources that are not one host",
        shows={
            "1112-7.2-c",
            "1122-3.2.1.3-l",
            "1122-3.2.2-k",
            "1122-4.1.3.6-a",
            "1122-4.2.3.10-b",
            "1812-4.2.2.11-e",
            "1812-4.3.2.7-e",
            "1812-5.3.7-a",
        },
        patch=both(
            replaced("stack.receive._source_may_speak", lambda *_: True),
            replaced("stack.icmp_errors._is_single_host", lambda *_, **__: True),
            replaced("stack.receive._may_come_from_outside", lambda *_: True),
        ),
    ),
    Fault(
        "illegal sources are heard",
        shows={
            "1112-7.2-c",
            "1122-3.2.1.3-l",
            "1122-4.1.3.6-a",
            "1122-4.2.3.10-b",
            "1812-4.2.2.11-e",
            "1812-5.3.7-a",
        },
        patch=replaced("stack.receive._source_may_speak", lambda *_: True),
    ),
    Fault(
        "quotes have a TTL of 255 counted down",
        shows={"1122-3.2.2-d"},
        patch=quote_changed(
            lambda quote: quote[:8] + b"\xfe" + quote[9:] if quote[8] == 255 else quote
        ),
    ),
    Fault(
        "quotes have an Identification of 0x1234 swapped",
        shows={"1122-3.2.2-d"},
        patch=quote_changed(lambda quote: quote.replace(b"\x12\x34", b"\x34\x12", 1)),
    ),
    Fault(
        "quotes show options as written into",
        shows={"1122-3.2.2-d"},
        patch=wrapped("stack.icmp_errors._quote", as_written),
    ),
    Fault(
        "quotes of a header of 60 octets end with it",
        shows={"1122-3.2.2-b", "1122-3.2.2-d"},
        patch=quote_changed(lambda quote: quote[:60] if quote[0] == 0x4F else quote),
    ),
    Fault(
        "errors are extended behind 60 octets of quote",
        shows={"1122-3.2.2-b", "1122-3.2.2-d", "1812-4.3.2.3-a", "4884-4-a"},
        patch=extended_behind(60),
    ),
    Fault(
        # Right, but for what RFC 1812 §4.3.2.3 would have routers quote more.
        "errors are extended behind 128 octets of quote",
        shows={"1812-4.3.2.3-a"},
        patch=extended_behind(128),
    ),
    Fault(
        "the unused octets of errors hold something",
        shows={"792-fmt-a", "792-te-a"},
        patch=wrapped(
            "stack.icmp_errors.error",
            lambda original, kind, code, quote: original(kind, code, quote, b"\x01\x00\x00\x01"),
        ),
    ),
    Fault(
        "the pointer of Parameter Problem counts from the options",
        shows={
            "1122-3.2.2.5-a",
            "1812-4.3.3.5-a",
            "1812-5.2.2-c",
            "1812-5.2.2-d",
            "1812-5.2.4.1-a",
            "792-pp-a",
            "792-pp-d",
        },
        patch=wrapped(
            "stack.icmp_errors.parameter_problem",
            lambda original, pointer, *rest: original(pointer - 20, *rest),
        ),
    ),
    Fault(
        "protocols that nobody handles are not reported",
        shows={"1122-3.2.2.1-b", "1122-3.3.8-a"},
        patch=wrapped(
            "stack.icmp_errors.report",
            lambda original, core, inbound, kind, code, **more: (
                None if (kind, code) == (3, 2) else original(core, inbound, kind, code, **more)
            ),
        ),
    ),
    Fault(
        "a protocol that nobody handles is reported as a port",
        shows={"1122-3.2.2.1-b", "1122-3.3.8-a", "792-du-c"},
        patch=wrapped(
            "stack.icmp_errors.report",
            lambda original, core, inbound, kind, code, **more: original(
                core, inbound, kind, 3 if (kind, code) == (3, 2) else code, **more
            ),
        ),
    ),
    Fault(
        "replies leave with TTL 1",
        shows={"1122-3.2.1.7-e", "792-fmt-d"},
        patch=replaced(
            "stack.icmp_reply.Wish", lambda protocol, ttl, *more: Wish(protocol, 1, *more)
        ),
    ),
    Fault(
        "redirects are not obeyed",
        shows={"1122-3.2.2.2-b", "1122-3.2.2.2-c", "1122-3.3.1.2-a", "1122-3.3.1.2-b"},
        patch=with_handlers(type_5=nothing),
    ),
    Fault(
        "redirects are obeyed from everybody",
        shows={"1122-3.2.2.2-d"},
        patch=replaced("stack.icmp_report._may_redirect", lambda *_: True),
    ),
    Fault(
        "timestamps have their octets in the wrong order",
        shows={"1122-3.2.2.8-k", "1812-4.3.3.8-a", "792-tstamp-c"},
        patch=timestamp_changed(
            lambda time: int.from_bytes(time.to_bytes(4, "big"), "little") & 0x7FFFFFFF
        ),
    ),
    Fault(
        "the clock stands still",
        shows={"1122-3.2.2.8-j"},
        patch=replaced("stack.core.Core.time_of_day", lambda core: core.midnight),
    ),
    Fault(
        "timestamp replies lose the originate time",
        shows={"1812-4.3.3.8-a", "792-tstamp-b"},
        patch=wrapped(
            "stack.icmp_reply.timestamp_reply",
            lambda original, request, *times: original(replace(request, data=bytes(12)), *times),
        ),
    ),
    Fault(
        "replies leave options out",
        shows={
            "1122-3.2.1.8c-d",
            "1122-3.2.2.6-i",
            "1122-3.2.2.6-j",
            "1122-3.2.2.8-g",
            "1122-3.2.2.8-h",
            "1812-4.2.2.1-c",
        },
        patch=replaced("stack.icmp_reply._options", lambda *_: b""),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""
