"""Benchmarks: speed, memory, scores and robustness, each with its command."""
