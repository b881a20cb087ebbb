"""Ice maps from scenes and ice charts: pairing, sampling, evaluation by date, maps and what is made of them."""
