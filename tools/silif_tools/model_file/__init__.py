"""The `.silif` model file: tables in memory, writer and reader (docs/MODEL-FORMAT.md)."""
