"""Cases of RFC 922, Broadcasting Internet Datagrams in the presence of subnets."""
