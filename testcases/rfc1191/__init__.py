"""Cases of RFC 1191."""
