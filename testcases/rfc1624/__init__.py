"""Cases of RFC 1624."""
