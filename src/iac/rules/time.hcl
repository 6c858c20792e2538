# Time Keeping.
