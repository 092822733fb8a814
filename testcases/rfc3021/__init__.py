"""Cases of RFC 3021, 31-bit prefixes on point-to-point links."""
