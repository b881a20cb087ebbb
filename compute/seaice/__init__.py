"""Ice maps from scenes and ice charts: matching by date, sampling, assessment by date, maps and draft charts."""
