"""What a captured value must prove by itself."""
