"""RFC 6814, Formally Deprecating Some IPv4 Options."""
