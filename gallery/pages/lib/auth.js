// Signing in: authorization code with PKCE (RFC 7636) at the user pool's own pages. Tokens live in this tab's session storage:
// they end with the tab, and another tab signs in by the user pool's cookie without asking.

import { config } from "./config.js";

const TOKENS = "tokens";
const PENDING = "sign-in";
/** A token is renewed when it has less than this left, in seconds. */
const MARGIN = 60;
const SCOPES = "openid email";

/** What is thrown when there is no session, or no longer one. */
export class SignedOut extends Error {}

let tokens = JSON.parse(sessionStorage.getItem(TOKENS) ?? "null");
let renewing;

const here = () => new URL("./", location.href).href;

async function library() {
  const [oauth, where] = await Promise.all([import("../vendor/oauth4webapi.js"), config()]);
  const server = {
    issuer: where.issuer,
    authorization_endpoint: `${where.signIn}/oauth2/authorize`,
    token_endpoint: `${where.signIn}/oauth2/token`,
  };
  // Only a local stack is without TLS.
  const options = where.signIn.startsWith("http://127.0.0.1:") ? { [oauth.allowInsecureRequests]: true } : {};
  return { oauth, where, server, client: { client_id: where.clientId }, options };
}

function claims(token) {
  const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (c) => c.charCodeAt(0))));
}

function keep(answer) {
  const access = claims(answer.access_token);
  tokens = {
    access: answer.access_token,
    id: answer.id_token ?? tokens?.id,
    // The answer to a renewal has no new refresh token.
    refresh: answer.refresh_token ?? tokens?.refresh,
    expires: access.exp,
    groups: access["cognito:groups"] ?? [],
    sub: access.sub,
    email: answer.id_token ? claims(answer.id_token).email : tokens?.email,
  };
  sessionStorage.setItem(TOKENS, JSON.stringify(tokens));
}

function forget() {
  tokens = null;
  sessionStorage.removeItem(TOKENS);
}

/** Who is signed in: `{sub, email, groups}`, or null. */
export const user = () => tokens;

/** Whether the user belongs to a group. */
export const isIn = (group) => tokens?.groups.includes(group) ?? false;

/** Goes to the user pool's sign-in; `returnTo` is the fragment to come back to. */
export async function signIn(returnTo = location.hash) {
  const { oauth, where } = await library();
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, returnTo }));
  const address = new URL(`${where.signIn}/oauth2/authorize`);
  address.search = new URLSearchParams({
    response_type: "code",
    client_id: where.clientId,
    redirect_uri: here(),
    scope: SCOPES,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  location.assign(address);
}

/** Takes the code that the user pool has sent back, if there is one. */
export async function completeSignIn() {
  const query = new URLSearchParams(location.search);
  if (!query.has("code") && !query.has("error")) return;
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  sessionStorage.removeItem(PENDING);
  const address = new URL(location.href);
  // The code can be used only once, so it is removed from the address and the history.
  history.replaceState(null, "", here() + (pending?.returnTo ?? ""));
  if (!pending) return;
  const { oauth, server, client, options } = await library();
  const parameters = oauth.validateAuthResponse(server, client, address, pending.state);
  const answer = await oauth.authorizationCodeGrantRequest(
    server, client, oauth.None(), parameters, here(), pending.verifier, options,
  );
  keep(await oauth.processAuthorizationCodeResponse(server, client, answer));
}

async function renew() {
  const { oauth, server, client, options } = await library();
  try {
    const answer = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh, options);
    keep(await oauth.processRefreshTokenResponse(server, client, answer));
  } catch (error) {
    // If the user pool refused the renewal, the session is over. If it did not answer, the session may still be valid.
    if (error instanceof oauth.ResponseBodyError) {
      forget();
      throw new SignedOut("Your session has ended. Sign in again.");
    }
    throw error;
  }
}

/** Returns a valid access token. It is renewed first if `fresh` is set or it is about to expire. */
export async function accessToken(fresh = false) {
  if (!tokens) throw new SignedOut("Sign in first.");
  if (fresh || tokens.expires - MARGIN < Date.now() / 1000) {
    renewing ??= renew().finally(() => (renewing = undefined));
    await renewing;
  }
  return tokens.access;
}

/** Ends the session here and at the user pool. */
export async function signOut() {
  const where = await config();
  forget();
  const address = new URL(`${where.signIn}/logout`);
  address.search = new URLSearchParams({ client_id: where.clientId, logout_uri: here() });
  location.assign(address);
}
