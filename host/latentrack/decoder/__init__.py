"""The model file: its metadata, running it on the computer, writing it from a trained model."""
