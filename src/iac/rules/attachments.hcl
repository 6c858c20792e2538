# Attachments.
