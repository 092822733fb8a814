"""Cases of RFC 6890."""
