import { auth, signIn, signOut } from "@/auth";

async function enter() {
  "use server";
  await signIn("{{provider}}");
}

async function leave() {
  "use server";
  await signOut();
}

export default async function Home() {
  const session = await auth();
  if (!session) {
    return <form action={enter}><button>Sign in</button></form>;
  }

  return (
    <main>
      <p>Signed in: {session.user.id} {session.user.name}</p>
      <form action={leave}><button>Sign out</button></form>
    </main>
  );
}
