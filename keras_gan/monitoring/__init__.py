"""The referee: callbacks that watch the match, every N steps."""
