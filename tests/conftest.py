"""What tests of the tester share."""

from __future__ import annotations

# pytester runs pytest in this process and forgets what was imported in between. CPython 3.11
# loses references each time it imports this one anew, and ends in the end.
import zoneinfo  # noqa: F401 - imported to stay

import pytest
from hypothesis import HealthCheck, settings

from harness.plugin.options import PROJECT
from tests.fake_workshop import Library

# A busy machine is slow at drawing examples and at running them; that is no finding.
settings.register_profile(
    "unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")

CONFTEST = f"""
import sys

sys.path.insert(0, {str(PROJECT)!r})
pytest_plugins = ["harness.plugin"]
from tests.fake_workshop import pytest_configure
"""


@pytest.fixture
def library(pytester: pytest.Pytester) -> Library:
    """An empty library of cases, to be run on a fake target."""
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nfilterwarnings = ignore::pytest.PytestAssertRewriteWarning\n")
    return Library(pytester)
