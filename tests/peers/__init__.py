"""Against other tools that do the same job; each test skips where its tool is not installed."""
