"""Lists cut at a maximum and counts, for messages."""



MAX_LISTED = 12


def listed(names):
    """Comma-separated names for a message; after the first twelve only their number."""
    names = list(names)
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more
