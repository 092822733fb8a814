"""RFC 1349, Type of Service in the Internet Protocol Suite."""
