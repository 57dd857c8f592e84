"""The OpenAPI document: what each operation takes and answers, and a page to read it."""
