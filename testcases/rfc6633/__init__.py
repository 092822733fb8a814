"""RFC 6633, Deprecation of ICMP Source Quench Messages."""
