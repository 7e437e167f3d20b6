"""
Documents and what they consist of: JSON, forms, multipart, mail, markup, PDF, zip,
binary records, and the parts of one message. What stands in several places is joined.
"""
