"""Names a failure early and rolls the run back (tip 10)."""
