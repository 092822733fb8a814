"""Templates of ICMP messages by their names (RFC 792, RFC 950)."""

from __future__ import annotations

from harness.case.packet import FieldValue, Layer, layer_of


def icmp(
    type_: FieldValue = None,
    *,
    code: FieldValue = None,
    checksum: FieldValue = None,
    rest: FieldValue = None,
    data: FieldValue = None,
) -> Layer:
    """Any ICMP message: `rest` is the second word, `data` all that follows (RFC 792)."""
    return layer_of(
        "icmp", {"type": type_, "code": code, "checksum": checksum, "rest": rest, "data": data}
    )


def _query(
    type_: int,
    code: FieldValue,
    checksum: FieldValue,
    identifier: FieldValue,
    sequence: FieldValue,
    **more: FieldValue,
) -> Layer:
    return layer_of(
        "icmp",
        {
            "type": type_,
            "code": code,
            "checksum": checksum,
            "identifier": identifier,
            "sequence": sequence,
            **more,
        },
    )


def echo_request(
    *,
    code: FieldValue = None,
    checksum: FieldValue = None,
    identifier: FieldValue = None,
    sequence: FieldValue = None,
    data: FieldValue = None,
) -> Layer:
    """ICMP Echo, type 8."""
    return _query(8, code, checksum, identifier, sequence, data=data)


def echo_reply(
    *,
    code: FieldValue = None,
    checksum: FieldValue = None,
    identifier: FieldValue = None,
    sequence: FieldValue = None,
    data: FieldValue = None,
) -> Layer:
    """ICMP Echo Reply, type 0."""
    return _query(0, code, checksum, identifier, sequence, data=data)


def timestamp_request(
    *,
    code: FieldValue = None,
    checksum: FieldValue = None,
    identifier: FieldValue = None,
    sequence: FieldValue = None,
    originate: FieldValue = None,
    receive: FieldValue = None,
    transmit: FieldValue = None,
) -> Layer:
    """ICMP Timestamp, type 13; times in milliseconds since midnight UT."""
    times = {"originate": originate, "receive": receive, "transmit": transmit}
    return _query(13, code, checksum, identifier, sequence, **times)


def timestamp_reply(
    *,
    code: FieldValue = None,
    checksum: FieldValue = None,
    identifier: FieldValue = None,
    sequence: FieldValue = None,
    originate: FieldValue = None,
    receive: FieldValue = None,
    transmit: FieldValue = None,
) -> Layer:
    """ICMP Timestamp Reply, type 14."""
    times = {"originate": originate, "receive": receive, "transmit": transmit}
    return _query(14, code, checksum, identifier, sequence, **times)


def information_request(*, identifier: FieldValue = None, sequence: FieldValue = None) -> Layer:
    """ICMP Information Request, type 15."""
    return _query(15, None, None, identifier, sequence)


def mask_request(
    *, identifier: FieldValue = None, sequence: FieldValue = None, mask: FieldValue = None
) -> Layer:
    """ICMP Address Mask Request, type 17 (RFC 950)."""
    return _query(17, None, None, identifier, sequence, mask=mask)


def mask_reply(
    *, identifier: FieldValue = None, sequence: FieldValue = None, mask: FieldValue = None
) -> Layer:
    """ICMP Address Mask Reply, type 18 (RFC 950)."""
    return _query(18, None, None, identifier, sequence, mask=mask)


def unreachable(
    code: FieldValue = None,
    *,
    quote: FieldValue = None,
    mtu: FieldValue = None,
    unused: FieldValue = None,
    checksum: FieldValue = None,
    tail: FieldValue = None,
) -> Layer:
    """ICMP Destination Unreachable, type 3; `quote` is the datagram complained about.

    `tail`, sent only, is octets behind the quote: more of the datagram, or an extension.
    """
    return layer_of(
        "icmp",
        {
            "type": 3,
            "code": code,
            "mtu": mtu,
            "unused": unused,
            "quote": quote,
            "checksum": checksum,
            "tail": tail,
        },
    )


def source_quench(*, quote: FieldValue = None) -> Layer:
    """ICMP Source Quench, type 4."""
    return layer_of("icmp", {"type": 4, "code": 0, "quote": quote})


def redirect(
    code: FieldValue = None, *, gateway: FieldValue = None, quote: FieldValue = None
) -> Layer:
    """ICMP Redirect, type 5."""
    return layer_of("icmp", {"type": 5, "code": code, "gateway": gateway, "quote": quote})


def time_exceeded(
    code: FieldValue = None, *, quote: FieldValue = None, unused: FieldValue = None
) -> Layer:
    """ICMP Time Exceeded, type 11: code 0 in transit, 1 in reassembly."""
    return layer_of("icmp", {"type": 11, "code": code, "unused": unused, "quote": quote})


def parameter_problem(
    pointer: FieldValue = None,
    *,
    code: FieldValue = None,
    quote: FieldValue = None,
    unused: FieldValue = None,
) -> Layer:
    """ICMP Parameter Problem, type 12; the pointer counts octets from the IP header's start."""
    return layer_of(
        "icmp",
        {"type": 12, "code": code, "pointer": pointer, "unused": unused, "quote": quote},
    )
