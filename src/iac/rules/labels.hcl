# Labels.
