# Input Validation.
