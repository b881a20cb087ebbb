"""Tools are tested as users run them: by id, through the provider that the plugin registers."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def registered(provider):
    """Every test here finds the tools by their id."""


@pytest.fixture
def threads_asked(monkeypatch):
    """How many threads each executor was made with."""
    from floefield.compute.raster import blocks

    asked = []
    executor = blocks.ThreadPoolExecutor
    monkeypatch.setattr(blocks, "ThreadPoolExecutor", lambda threads, *more, **options: (
        asked.append(threads), executor(threads, *more, **options))[1])
    return asked
