// The viewer's own session with the API. Nothing of it passes through a kernel.

let profile = null;
let over = false;

/** Who is looking: user, tenants, rights and the token that changes need; null when the session is over. */
export function me(refresh = false) {
  if (refresh || !profile) {
    profile = request("/api/auth/me").then((answer) => {
      over = answer.status === 401;
      return answer.ok ? answer.body : null;
    });
  }
  return profile;
}

/** Whether the API last knew nobody here. */
export const isOver = () => over;

export const get = (url) => request(url);

export const post = (url, data = {}) => change("POST", url, data);
export const remove = (url) => change("DELETE", url);
export const put = (url, data) => change("PUT", url, data);
export const patch = (url, data) => change("PATCH", url, data);

/** A change. The token is renewed once if the API has a newer one. */
async function change(method, url, data = {}) {
  const send = async (refresh) => {
    const token = (await me(refresh))?.csrf ?? "";
    return request(url, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
      body: JSON.stringify(data),
    });
  };
  const answer = await send(false);
  return answer.status === 403 && /csrf/i.test(answer.body?.code ?? "") ? send(true) : answer;
}

/** { ok, status, body }; status 0 when the server cannot be reached. */
async function request(url, options = {}) {
  try {
    const response = await fetch(url, { credentials: "same-origin", ...options, headers: { Accept: "application/json", ...options.headers } });
    const body = await response.json().catch(() => null);
    return { ok: response.ok, status: response.status, body };
  } catch {
    return { ok: false, status: 0, body: null };
  }
}
