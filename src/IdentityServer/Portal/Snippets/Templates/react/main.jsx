import { UserManager } from "oidc-client-ts";
import { createRoot } from "react-dom/client";

const users = new UserManager({
  authority: "{{issuer}}",
  client_id: "{{client_id}}",
  redirect_uri: "{{redirect_uri}}",
{{#post_logout}}
  post_logout_redirect_uri: "{{post_logout_redirect_uri}}",
{{/post_logout}}
  scope: "{{scope}}", // authorization code with PKCE; what comes back is kept until the tab is closed
{{#userinfo}}
  loadUserInfo: true,
{{/userinfo}}
});

function App({ user }) {
  if (!user) {
    return <button onClick={() => users.signinRedirect()}>Sign in</button>;
  }

  return (
    <>
      <p>Signed in: {user.profile.sub} {user.profile.name}</p>
      <button onClick={() => users.signoutRedirect()}>Sign out</button>
    </>
  );
}

async function currentUser() {
  const answer = new URLSearchParams(location.search);
  if (location.pathname === "{{redirect_path}}" && answer.has("state") && (answer.has("code") || answer.has("error"))) {
    const user = await users.signinCallback();
    history.replaceState(null, "", "/"); // the answer is used up; it has no business in the history
    return user;
  }

  return users.getUser();
}

const root = createRoot(document.getElementById("app"));
currentUser().then(
  (user) => root.render(<App user={user} />),
  (error) => root.render(<p>Not signed in: {error.message}</p>),
);
