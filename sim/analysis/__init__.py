"""Questions to results: what differs between two scenarios, and by how much for sure."""
