import { randomBytes } from "node:crypto";
{{#key}}
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
{{/key}}
import express from "express";
import session from "express-session";
import * as oidc from "openid-client";

const redirectUri = "{{redirect_uri}}";

{{#key}}
// client-key.pem holds the private key (PKCS #8) to the public one that the client has registered.
const der = createPrivateKey(readFileSync("client-key.pem")).export({ type: "pkcs8", format: "der" });
{{#key_es}}
const key = await crypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
{{/key_es}}
{{#key_rs}}
const key = await crypto.subtle.importKey("pkcs8", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
{{/key_rs}}
{{#key_ps}}
const key = await crypto.subtle.importKey("pkcs8", der, { name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"]);
{{/key_ps}}

{{/key}}
const config = await oidc.discovery(
  new URL("{{issuer}}"),
  "{{client_id}}",
  { id_token_signed_response_alg: "{{id_token_alg}}" },
{{#basic}}
  oidc.ClientSecretBasic(process.env.IDSRV_CLIENT_SECRET),
{{/basic}}
{{#post}}
  oidc.ClientSecretPost(process.env.IDSRV_CLIENT_SECRET),
{{/post}}
{{#key}}
  oidc.PrivateKeyJwt(key),
{{/key}}
{{#insecure}}
  { execute: [oidc.allowInsecureRequests] }, // the issuer is http
{{/insecure}}
);

const app = express();
app.use(session({
  name: "app.session",
  secret: randomBytes(32).toString("hex"), // give it from outside to keep people signed in over a restart
  resave: false,
  saveUninitialized: false,
{{#secure}}
  proxy: true, // something in front of this program speaks https
  cookie: { httpOnly: true, sameSite: "lax", secure: true },
{{/secure}}
{{^secure}}
  cookie: { httpOnly: true, sameSite: "lax" },
{{/secure}}
}));

app.get("{{home_path}}", async (req, res) => {
  if (req.session.user) {
    res.type("text").send(`Signed in: ${req.session.user.sub} ${req.session.user.name ?? ""}`);
    return;
  }

  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  req.session.request = { verifier, state };
  const parameters = {
    redirect_uri: redirectUri,
    scope: "{{scope}}",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  };
{{#par}}
  res.redirect((await oidc.buildAuthorizationUrlWithPAR(config, parameters)).href);
{{/par}}
{{^par}}
  res.redirect(oidc.buildAuthorizationUrl(config, parameters).href);
{{/par}}
});

app.get("{{redirect_path}}", async (req, res) => {
  const { verifier, state } = req.session.request ?? {};
  const tokens = await oidc.authorizationCodeGrant(config, new URL(req.originalUrl, redirectUri), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    idTokenExpected: true,
  });
  const user = tokens.claims();
{{#userinfo}}
  Object.assign(user, await oidc.fetchUserInfo(config, tokens.access_token, user.sub));
{{/userinfo}}
  req.session.regenerate(() => { // a new session id: nobody who knew the old one is signed in with it
    Object.assign(req.session, { user, idToken: tokens.id_token });
    res.redirect("{{home_path}}");
  });
});

app.get("{{sign_out_path}}", (req, res) => {
  const idToken = req.session.idToken;
  req.session.destroy(() => res.redirect(oidc.buildEndSessionUrl(config, {
    ...(idToken && { id_token_hint: idToken }),
{{#post_logout}}
    post_logout_redirect_uri: "{{post_logout_redirect_uri}}",
{{/post_logout}}
  }).href));
});
{{#post_logout_route}}

app.get("{{post_logout_path}}", (req, res) => res.type("text").send("Signed out."));
{{/post_logout_route}}

app.listen({{listen_port}}, "{{listen_host}}");
