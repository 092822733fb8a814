"""Cases of RFC 894, IP over Ethernet."""
