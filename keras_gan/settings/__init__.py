"""From flags to the arguments of `compile`."""
