"""The GraphQL edge: types, resolvers, loaders and limits over the operations."""
