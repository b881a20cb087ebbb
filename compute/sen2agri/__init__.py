"""The products of Sen2-Agri: crop mask (L4A, with and without in-situ data) and crop type (L4B)."""
