"""Local servers that speak the wires of outside services, for tests and benchmarks only; those that the demo has too
are in `server.embedded.standins`."""
