"""What people do with a trained model: look at it, explore it, and hand it on."""
