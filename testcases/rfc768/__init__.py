"""RFC 768, User Datagram Protocol."""
