"""Cases of RFC 2113."""
