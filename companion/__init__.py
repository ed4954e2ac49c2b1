"""The companion: a program for DJs that sends what their software recorded, signed, from beside it."""
