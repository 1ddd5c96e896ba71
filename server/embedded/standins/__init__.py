"""Local servers that speak the wires of outside services: what `aisle demo` and the tests have beside them."""
