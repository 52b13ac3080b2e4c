// A certified identity provider, as a municipality would run one. What it needs to know comes as JSON in PROVIDER.

import Provider from "oidc-provider";

const { port, client, secret, home, heard } = JSON.parse(process.env.PROVIDER);
const people = {
  anna: { email: "anna@kommune.test", email_verified: true, name: "Anna Kildeskov", groups: ["crm-konsulenter", "alle"] },
  ny: { email: "ny@kommune.test", email_verified: true, name: "Ny Kollega", groups: ["crm-ledere"] },
  fremmed: { email: "fremmed@kommune.test", email_verified: true, name: "Fremmed Person", groups: ["alle"] },
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      redirect_uris: [`${home}/log-ind/kommune/svar`],
      post_logout_redirect_uris: [`${home}/log-ind`],
      backchannel_logout_uri: `${heard}/log-ind/kommune/log-ud`,
      backchannel_logout_session_required: true,
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  // Of itself it calls no loopback address, which is right anywhere but here.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: async () => ({ sub: id, ...people[id] }) },
});

// Whoever it could not tell of a log-out.
provider.on("backchannel.error", (_context, error) => console.error(error));

provider.listen(port, "127.0.0.1", () => console.log("listening"));
