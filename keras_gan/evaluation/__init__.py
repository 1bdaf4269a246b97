"""Scores of generated images, each with its protocol; one file per metric."""
