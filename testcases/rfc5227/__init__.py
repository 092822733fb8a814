"""Cases of RFC 5227, IPv4 address conflict detection."""
