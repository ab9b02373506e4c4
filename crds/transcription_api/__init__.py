"""The contract: typed models of everything that crosses a boundary between users, the operator, the runner and the store."""
