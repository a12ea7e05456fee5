import type { Account } from "./protocol";

/** What the server, or the network, said instead of what was asked for: a sentence for the person. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function call(method: string, path: string, body?: object): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    });
  } catch {
    throw new ApiError(0, "The server cannot be reached. Is it running?");
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer;
  const said = answer && typeof answer === "object" && "error" in answer ? String(answer.error) : "";
  throw new ApiError(response.status, said || `The server answered with an error (${response.status}).`);
}

/** Null where nobody is logged in. */
export async function currentAccount(): Promise<Account | null> {
  try {
    return (await call("GET", "/api/v1/account")) as Account;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export async function register(username: string, email: string, password: string): Promise<void> {
  await call("POST", "/register", { username, email, ...(password && { password }) });
}

export async function logIn(email: string, password: string): Promise<void> {
  await call("POST", "/login", { email, ...(password && { password }) });
}

export async function logOut(): Promise<void> {
  await call("POST", "/logout", {});
}
