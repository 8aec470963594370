"""A small fake of a provider's API: CherryServers' shapes, the lab's machines, and misbehaviour as it is told."""
