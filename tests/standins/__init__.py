"""Local servers that speak the wires of outside services, for tests and benchmarks."""
