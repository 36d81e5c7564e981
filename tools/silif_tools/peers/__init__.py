"""What the same work costs in other runtimes, measured side by side on this machine."""
