"""What things are called on the pages: tables, columns, states, what needs attention. A module a noun.

In English, to be translated where it is shown; what a function returns is translated already."""
