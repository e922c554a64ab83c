/**
 * Moments as RFC 3339 writes them: `2026-11-21T14:12:18.9Z`, with an offset instead of the Z.
 */
export const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
