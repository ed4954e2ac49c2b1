"""How fast one event reaches many sockets: our server beside the limit and beside Strawberry's own."""
