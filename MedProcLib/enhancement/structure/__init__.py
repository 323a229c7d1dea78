"""Structure: edges, vessels, blobs."""
