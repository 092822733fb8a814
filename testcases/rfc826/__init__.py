"""Cases of RFC 826, An Ethernet Address Resolution Protocol."""
