"""RFC 950, Internet Standard Subnetting Procedure."""
