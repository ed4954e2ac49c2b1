"""The peers: GraphQL servers in Node.js as engineers who know them write them, over the same data."""
