"""Everything that `compile` takes, one technique per file."""
