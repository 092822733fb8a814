"""RFC 791, Internet Protocol."""
