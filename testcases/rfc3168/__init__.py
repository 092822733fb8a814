"""RFC 3168, The Addition of Explicit Congestion Notification to IP."""
