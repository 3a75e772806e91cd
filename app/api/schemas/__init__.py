"""What the REST interface takes and gives, field by field: the same schemas validate and make the OpenAPI
page.

They are built from dictionaries because the names are ODK Central's, in its spelling. Nothing leaves that is
not listed here; a case's tables are listed by the dictionary of the case store.
"""
