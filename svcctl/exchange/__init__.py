"""Tables from other systems, and the map that says what they mean. Writes nothing."""
