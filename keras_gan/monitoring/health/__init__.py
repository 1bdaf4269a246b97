"""Detects failures early and rolls the run back (tip 10)."""
