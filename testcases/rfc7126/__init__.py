"""Cases of RFC 7126."""
