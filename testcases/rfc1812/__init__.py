"""Cases of RFC 1812."""
