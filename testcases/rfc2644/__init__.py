"""Cases of RFC 2644."""
