# Digital Signatures.
