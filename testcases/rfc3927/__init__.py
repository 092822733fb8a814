"""Cases of RFC 3927, IPv4 link-local addresses."""
