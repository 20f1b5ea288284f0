"""The graph database behind the store port: every Cypher text, and two connections."""
