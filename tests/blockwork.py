"""Work on a block, in a module that other processes can import."""

import numpy as np


def read_block(source, window):
    """All arrays that a reader returns for a window, as one."""
    read = source.read(window)
    parts = read if isinstance(read, tuple) else (read,)
    return np.concatenate([np.ravel(part).astype(np.float64) for part in parts])


class InsideMask:
    """A polygon mask on a grid, read like a raster."""

    def __init__(self, mask, grid):
        self.mask, self.grid = mask, grid

    def read(self, window):
        """The mask of a window."""
        return self.mask.inside(self.grid, window)
