"""The latent space: where the puck is, what is played there, paths, edits by hand."""
