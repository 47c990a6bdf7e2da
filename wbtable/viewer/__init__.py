"""The viewer: a page in the browser, and the server that answers it (docs/viewing.md, ENDPOINTS.md)."""
