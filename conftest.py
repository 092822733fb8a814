"""The plugin of the tester, and pytest's own for testing plugins."""

pytest_plugins = ["harness.plugin", "pytester"]
