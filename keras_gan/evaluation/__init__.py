"""Scores of generated images, each with the protocol it was taken by; one file a metric."""
