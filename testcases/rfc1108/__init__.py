"""RFC 1108, U.S. Department of Defense Security Options for the Internet Protocol."""
