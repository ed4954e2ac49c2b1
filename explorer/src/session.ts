// Who is asking: nobody, a person of the demo (whose short token is renewed in time), or the holder of a pasted token.

export type Person = { username: string; displayName: string; about: string };
export type Session = { username: string | null; token: string | null; problem: string | null };

const REMEMBERED = "backline:person";
const RENEW_BEFORE_END = 60_000;
const TOO_LATE_TO_SEND = 10_000;
const NOBODY: Session = { username: null, token: null, problem: null };

let session = NOBODY;
let endsAt = Infinity;
let renewal: Promise<void> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
// Counts changes of person, so that an answer that arrives late cannot bring the previous one back.
let turn = 0;
const watchers = new Set<() => void>();

/** Whether this server has a cast of people to sign in as. */
export const hasPeople = document.documentElement.dataset.people === "shown";

export const current = (): Session => session;

/** Calls `watcher` after every change of the session; the answer ends that. */
export function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function become(next: Session, end = Infinity): void {
  session = next;
  endsAt = end;
  for (const watcher of watchers) watcher();
}

/** The people of the demo. */
export async function people(): Promise<Person[]> {
  const response = await fetch("/explorer/people");
  if (!response.ok) throw new Error(await reason(response));
  return response.json();
}

export function signOut(problem: string | null = null): void {
  turn += 1;
  clearTimeout(timer);
  localStorage.removeItem(REMEMBERED);
  become({ ...NOBODY, problem });
}

/** Uses a token that was made elsewhere. It is forgotten with the page. */
export function takeToken(token: string): void {
  turn += 1;
  clearTimeout(timer);
  become({ ...NOBODY, token: token.trim().replace(/^Bearer\s+/i, "") || null });
}

/** Becomes `username`, and stays so for as long as the page is open. */
export async function signIn(username: string): Promise<void> {
  turn += 1;
  clearTimeout(timer);
  renewal = undefined;
  await renew(username);
}

/** Signs in again as the person of the last visit. */
export async function resume(): Promise<void> {
  const username = hasPeople ? localStorage.getItem(REMEMBERED) : null;
  if (username) await signIn(username);
}

/** The headers of the next request: with a token that will still be good when it arrives. */
export async function authorization(): Promise<{ authorization?: string }> {
  if (session.username && Date.now() > endsAt - TOO_LATE_TO_SEND) await renew(session.username);
  return session.token ? { authorization: `Bearer ${session.token}` } : {};
}

function renew(username: string): Promise<void> {
  if (renewal) return renewal;
  const fetching = fetchToken(username, turn).finally(() => {
    if (renewal === fetching) renewal = undefined;
  });
  return (renewal = fetching);
}

async function fetchToken(username: string, started: number): Promise<void> {
  const response = await fetch("/explorer/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username }),
  }).catch(() => null);
  if (turn !== started) return;
  if (response?.ok) {
    keep(username, await response.json(), Date.parse(response.headers.get("date") ?? "") || Date.now());
  } else if (response && response.status < 500 && response.status !== 429) {
    signOut(await reason(response));
  } else if (session.username === username) {
    renewAfter(TOO_LATE_TO_SEND);
  } else {
    signOut("The server does not answer.");
  }
}

// `now` is the server's clock: a laptop that is minutes off must not hold a token for longer or shorter than it lasts.
function keep(username: string, { accessToken, expiresAt }: { accessToken: string; expiresAt: string }, now: number): void {
  const lifetime = Date.parse(expiresAt) - now;
  localStorage.setItem(REMEMBERED, username);
  become({ username, token: accessToken, problem: null }, Date.now() + lifetime);
  renewAfter(Math.max(lifetime - RENEW_BEFORE_END, lifetime / 2));
}

function renewAfter(milliseconds: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => session.username && renew(session.username), milliseconds);
}

async function reason(response: Response): Promise<string> {
  const answer = await response.json().catch(() => ({}));
  return answer.message ?? `The server answered ${response.status}.`;
}
