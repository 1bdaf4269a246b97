"""Callbacks that watch the training every N steps."""
