"""Callbacks that monitor training every N steps."""
