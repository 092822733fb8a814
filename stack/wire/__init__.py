"""Octets to values and back, one module a protocol.

Rule: parsing never raises, whatever the octets; what cannot be read comes back as a fault value or
None. Unknown codes are kept as numbers, never coerced. Building takes values that make sense.
Nothing here knows a clock, a table or a policy.

Modules in reading order:

- ``address``   IPv4 addresses as 32-bit integers, their classes, prefixes
- ``checksum``  the Internet checksum and the pseudo header
- ``ethernet``  frames, both encapsulations (RFC 894, RFC 1042)
- ``arp``       RFC 826 packets
- ``ipv4``      the header of RFC 791
- ``icmp``      RFC 792 and its successors
- ``quote``     the datagram that an ICMP error is about
- ``igmp``      versions 1, 2 and 3
- ``udp``       RFC 768
- ``tcp``       the segment: header, Maximum Segment Size, sequence numbers
"""
