"""One script for each peer, run by its path in a Python that has that peer: they import nothing of silif_tools."""
