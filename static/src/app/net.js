/** The CSRF token from <meta name="csrf-token">; the cookie itself may be HttpOnly. */
export const csrfToken = (doc = document) => doc.querySelector('meta[name="csrf-token"]')?.content ?? '';

/** POST a form body as this site expects it. `fetcher` is for tests. */
export function post(url, body, { method = 'POST', fetcher = fetch, headers = {}, ...rest } = {}) {
  return fetcher(url, {
    method,
    body,
    credentials: 'same-origin',
    headers: { 'X-CSRFToken': csrfToken(), 'X-Requested-With': 'fetch', Accept: 'application/json', ...headers },
    ...rest,
  });
}

/** Wait before try number `attempt` (from 0), in milliseconds: 1, 2, 4 … at most 30 s, spread by a quarter. */
export const backoff = (attempt, random = Math.random) => Math.round(Math.min(30000, 1000 * 2 ** attempt) * (0.75 + random() / 2));
