"""The integer reference model. Swift equals it bit for bit; docs/ARITHMETIC.md says what each line must be."""
