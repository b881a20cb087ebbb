"""Tools are tested as users run them: by id, through the provider that the plugin registers."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def registered(provider):
    """Every test here finds the tools by their id."""
