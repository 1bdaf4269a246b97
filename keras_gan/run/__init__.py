"""One run: its directory, checkpoints, training, commands and export."""
