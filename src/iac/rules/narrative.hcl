# Narrative.
