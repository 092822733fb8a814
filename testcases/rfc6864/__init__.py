"""RFC 6864, Updated Specification of the IPv4 ID Field."""
