"""Cases of RFC 1108."""
