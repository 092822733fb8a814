"""Cases of RFC 919, Broadcasting Internet Datagrams."""
