// Addresses of the services that the pages use. `config.json` lies beside the pages and is written when they are deployed.

let loading;

/**
 * @typedef {object} Config
 * @property {string} api        Base address of the API, without a slash at the end.
 * @property {string} issuer     The user pool, as it stands in the tokens.
 * @property {string} signIn     Base address of the sign-in: `/oauth2/authorize`, `/oauth2/token` and `/logout` lie below it.
 * @property {string} clientId   The user pool's client.
 * @property {number} maxBytes   The largest photo that is taken.
 */

/** @returns {Promise<Config>} */
export function config() {
  loading ??= fetch("config.json", { cache: "no-cache" }).then((answer) => {
    if (!answer.ok) throw new Error(`config.json is missing (HTTP ${answer.status}): the pages were not deployed completely.`);
    return answer.json();
  });
  return loading;
}
