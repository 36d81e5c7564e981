"""Make a shipped model and its card by one command."""
