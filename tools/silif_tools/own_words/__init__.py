"""Own words: from typed words, and recordings where there are some, to a listener with its card."""
