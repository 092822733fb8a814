"""Cases of RFC 6864."""
