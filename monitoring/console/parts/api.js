// Requests to this node. Trouble is a Problem with what the server says of it (RFC 9457).

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The node answered ${status}.`);
    this.status = status;
    this.errors = body.errors ?? [];
  }
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, {cache: 'no-store', ...options});
  } catch (trouble) {
    if (trouble.name === 'AbortError') throw trouble;
    throw new Problem(0, {detail: 'The node does not answer.'});
  }
  const text = await answer.text();
  if (answer.ok) return text;
  let body = {};
  try { body = JSON.parse(text); } catch { /* No problem+json: the status must do. */ }
  throw new Problem(answer.status, body);
}

/** Whole numbers that JavaScript cannot hold stay as they were written, where the browser can do that. */
const exact = (name, value, context) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value;

export const text = (path, signal) => ask(path, {signal});
export const get = async (path, signal) => JSON.parse(await ask(path, {signal}), exact);
/** `body` is a value, or JSON text that goes out as it is. */
export const post = async (path, body, signal) => {
  const answer = await ask(path, {
    method: 'POST', headers: {'content-type': 'application/json'}, signal,
    body: typeof body === 'string' ? body : JSON.stringify(body)});
  return answer ? JSON.parse(answer, exact) : {};
};

/** "/orders" with the parameters that have a value. */
export function url(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {}))
    if (value !== undefined && value !== null && value !== '') query.set(name, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export const part = encodeURIComponent;

/** Nothing instead of a 404. */
export async function find(path, signal) {
  try {
    return await get(path, signal);
  } catch (trouble) {
    if (trouble.status === 404) return null;
    throw trouble;
  }
}
