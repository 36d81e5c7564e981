"""One HTML page per conversion: what rounding did to a network, in figures and plots."""
