"""Golden models for the engine's tests: small seeded networks with their digests from the integer reference."""
