"""Cases of RFC 6398."""
