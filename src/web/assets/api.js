// The API under /api/v1, as promises of values.

export class ApiError extends Error {
  constructor(status, error) {
    super(error?.message ?? `the service answered with ${status}`);
    this.status = status;
    this.code = error?.code ?? '';
    this.hint = error?.hint ?? '';
  }
}

const answered = async (response) => {
  if (response.status === 401) {
    location.assign('/login');
    return new Promise(() => {});
  }
  const text = await response.text();
  let body = null;
  try { body = JSON.parse(text); } catch { /* plain text: the server's own refusals */ }
  if (!response.ok) throw new ApiError(response.status, body?.error ?? { message: text.trim() });
  return body;
};

const request = async (path, options) => {
  try {
    return await fetch(path, { cache: 'no-store', ...options });
  } catch {
    throw new ApiError(0, { message: 'The service does not answer.', hint: 'Is tideway serve running?' });
  }
};

export const get = async (path) => answered(await request(`/api/v1${path}`));

let secret = null;
const csrf = async () => (secret ??= (await get('/session')).csrf);

const send = async (path, body) => answered(await request(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', 'X-Tideway-CSRF': await csrf() },
  body: JSON.stringify(body),
}));

export const post = (path, body = {}) => send(`/api/v1${path}`, body);
export const logOut = async () => { await send('/logout', {}); location.assign('/login'); };
export const of = (pair, path = '') => `/pairs/${encodeURIComponent(pair)}${path}`;
