"""Benchmarks: figures, the bar that each must meet, and what it is compared with. `make bench` runs them all."""
