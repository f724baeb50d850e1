"""Training of the packaged models from permitted rows and texts of the project's own."""
