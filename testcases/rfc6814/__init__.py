"""Cases of RFC 6814."""
