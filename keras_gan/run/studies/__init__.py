"""Studies: does a switch help? Measured over paired seeds, written down with its uncertainty."""
