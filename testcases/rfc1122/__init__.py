"""RFC 1122, Requirements for Internet Hosts."""
