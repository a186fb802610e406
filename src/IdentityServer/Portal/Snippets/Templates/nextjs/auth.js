import NextAuth from "next-auth";

export const { handlers, auth, signIn, signOut } = NextAuth({
  basePath: "{{auth_base}}",
  trustHost: true,
  providers: [
    {
      id: "{{provider}}",
      name: "{{provider}}",
      type: "oidc",
      issuer: "{{issuer}}",
      clientId: "{{client_id}}",
      clientSecret: process.env.IDSRV_CLIENT_SECRET,
      authorization: { params: { scope: "{{scope}}" } },
      checks: ["pkce", "state", "nonce"],
      client: {
        token_endpoint_auth_method: "{{auth_method}}",
        id_token_signed_response_alg: "{{id_token_alg}}",
      },
{{#userinfo}}
      idToken: false, // ask userinfo for name and address
{{/userinfo}}
      profile: (claims) => ({ id: claims.sub, name: claims.name, email: claims.email }),
    },
  ],
  callbacks: {
    jwt: ({ token, profile }) => (profile ? { ...token, sub: profile.sub } : token),
    session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub } }),
  },
});
