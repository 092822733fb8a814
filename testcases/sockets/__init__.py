"""The Berkeley socket calls for IP options (IP_OPTIONS and its kin), which no RFC lays down."""
