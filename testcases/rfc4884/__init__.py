"""RFC 4884, Extended ICMP to Support Multi-Part Messages."""
