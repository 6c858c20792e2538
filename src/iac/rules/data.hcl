# Data Management Policies.
