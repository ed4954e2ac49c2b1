"""The doors that are not GraphQL."""
