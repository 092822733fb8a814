"""Cases of RFC 1042, IP over IEEE 802 networks."""
