// Authorization code with PKCE in the browser, by oidc-client-ts, which the build takes from npm.

const meanings = {
  iss: "Who says so: the provider",
  aud: "Whom it is for: this application",
  sub: "The person, by an identifier that never changes",
  exp: "Not to be accepted after",
  iat: "When it was issued",
  auth_time: "When the mailed code was entered",
  amr: "How: password and one-time code",
  acr: "The provider's name for that way of signing in",
  sid: "The session at the provider",
  nonce: "Ties the token to this sign-in",
  azp: "Which application asked for it",
  at_hash: "Ties the token to the access token",
};

const element = id => document.getElementById(id);
const moment = seconds => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC";

/** Shows one section and no other. */
function show(id) {
  document.querySelectorAll("main > section").forEach(section => { section.hidden = section.id !== id; });
}

/** Says what went wrong, and how to mend it where that is known. */
function fail(reason, mend) {
  element("reason").textContent = reason;
  element("mend").textContent = mend ?? "";
  element("mend").hidden = !mend;
  show("trouble");
}

function start({ authority, clientId }) {
  const { UserManager, WebStorageStateStore, InMemoryWebStorage } = window.oidc;
  const home = new URL("/", location.href).href;
  const manager = new UserManager({
    authority,
    client_id: clientId,
    redirect_uri: home,
    post_logout_redirect_uri: home,
    scope: "openid profile email offline_access",
    filterProtocolClaims: false, // shown here, so that people see them

    // Tokens live in memory: they die with the page, and no other tab gets hold of the refresh token, which works only once. What must
    // last over the way to the provider and back (state, PKCE verifier) is this tab's alone.
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),

    // Refreshing is ours, below: twice at once would look like a stolen refresh token, and the provider would end the sign-in.
    automaticSilentRenew: false,
    revokeTokensOnSignout: true,
  });

  let refreshing = null;
  const refresh = () => refreshing ??= manager.signinSilent().finally(() => { refreshing = null; });
  manager.events.addAccessTokenExpiring(() => refresh().then(showClaims).catch(explain));

  // A browser that may not read an answer says only that fetching failed, as it does when nobody answers.
  function explain(error) {
    if (error instanceof TypeError) {
      fail(
        `The provider at ${authority} does not answer, or has no public client with a redirect URI at ${location.origin}. `
          + "Its log tells which. To start it, run this in another terminal:",
        "dotnet run --project src/IdentityServer");
    } else {
      fail(error.error_description ?? error.message);
    }
  }

  function showClaims(user) {
    const rows = Object.entries(user.profile).map(([name, value]) => {
      const row = document.createElement("tr");
      const head = row.appendChild(document.createElement("th"));
      head.scope = "row";
      head.textContent = name;
      const cell = row.appendChild(document.createElement("td"));
      const text = typeof value === "object" ? JSON.stringify(value) : String(value);
      cell.appendChild(document.createElement("code")).textContent =
        ["exp", "iat", "auth_time"].includes(name) ? `${text} (${moment(value)})` : text;
      cell.append(" ");
      cell.appendChild(document.createElement("small")).textContent = meanings[name] ?? "";
      return row;
    });
    document.querySelector("tbody").replaceChildren(...rows);
    element("expires").textContent = moment(user.expires_at);
    show("signed-in");
  }

  function notice(text) {
    element("notice").textContent = text;
    element("notice").hidden = false;
  }

  // While one action is under way its button cannot start it again.
  function onClick(id, action) {
    const button = element(id);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await action();
      } catch (error) {
        explain(error);
      } finally {
        button.disabled = false;
      }
    });
  }

  onClick("sign-in", () => manager.signinRedirect());

  onClick("refresh", async () => {
    const before = await manager.getUser();
    const user = await refresh();
    showClaims(user);
    notice(`Refreshed: the access token lasted until ${moment(before.expires_at)}, the new one lasts until ${moment(user.expires_at)}.`);
  });

  onClick("ask-userinfo", async () => {
    const user = await manager.getUser();
    const answer = await fetch(await manager.metadataService.getUserInfoEndpoint(), {
      headers: { Authorization: `Bearer ${user.access_token}` },
    });
    element("userinfo").querySelector("pre").textContent = answer.ok
      ? JSON.stringify(await answer.json(), null, 2)
      : `The provider refused: ${answer.status} ${answer.headers.get("WWW-Authenticate") ?? ""}`;
    element("userinfo").hidden = false;
  });

  // Revokes the tokens, then leaves for the provider's end-session endpoint, which sends the person back here.
  onClick("sign-out", () => manager.signoutRedirect());

  element("authority").textContent = authority;
  const answer = new URLSearchParams(location.search);
  if (!answer.has("code") && !answer.has("error")) {
    show("signed-out");
    return;
  }

  // The code is spent in a moment; until then it belongs neither into the history nor behind a reload.
  const cameBackTo = location.href;
  history.replaceState(null, "", "/");
  manager.signinRedirectCallback(cameBackTo).then(showClaims).catch(explain);
}

if (window.oidc) {
  start(await (await fetch("settings.json")).json());
} else {
  fail(
    "The library oidc-client-ts is missing: the build takes it from npm, and there was none. Install Node.js with npm, stop this sample and start it again:",
    "dotnet run --project samples/SpaClient");
}
