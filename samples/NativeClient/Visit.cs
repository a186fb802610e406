using System.Diagnostics;
using System.Security.Claims;
using Duende.IdentityModel.OidcClient;

namespace NativeClient;

/// <summary>
/// One sign-in from beginning to end. The person types the password into the system's browser, which they know and trust, never into
/// this program (RFC 8252 §8.12); the answer comes back to a port of this machine. PKCE makes the code worthless to whoever else sees it.
/// </summary>
internal sealed class Visit(Arguments arguments)
{
    private const int Failed = 1;

    public async Task<int> RunAsync(CancellationToken ct)
    {
        using var answers = new LoopbackListener();
        var client = new OidcClient(new OidcClientOptions
        {
            Authority = arguments.Authority,
            ClientId = arguments.ClientId,
            Scope = "openid profile email offline_access",
            RedirectUri = answers.Address,
            PostLogoutRedirectUri = answers.Address,
            IdentityTokenValidator = new SignedIdTokens(),
            LoadProfile = false, // asked for below, to show it
            FilterClaims = false,
        });

        AuthorizeState attempt;
        try
        {
            attempt = await client.PrepareLoginAsync(cancellationToken: ct);
        }
        catch (InvalidOperationException unreachable) when (!ct.IsCancellationRequested)
        {
            return Fail($"The provider at {arguments.Authority} does not answer as one: {unreachable.Message}\nTo start it, run this in another terminal:\ndotnet run --project src/IdentityServer");
        }

        if (attempt.IsError)
        {
            return Fail($"The provider refused: {attempt.Error}. {attempt.ErrorDescription}");
        }

        Console.WriteLine($"Waiting for the answer at {answers.Address}");
        Show("Sign in", attempt.StartUrl);
        var answer = await answers.WaitAsync(attempt.State, "You are signed in. Go back to the program; this window can be closed.", ct);
        var signedIn = await client.ProcessResponseAsync(answer, attempt, cancellationToken: ct);
        if (signedIn.IsError)
        {
            return Fail($"Not signed in: {signedIn.Error}. {signedIn.ErrorDescription}");
        }

        Print("Claims of the id_token", signedIn.User.Claims);
        var userinfo = await client.GetUserInfoAsync(signedIn.AccessToken, ct);
        if (userinfo.IsError)
        {
            return Fail($"Userinfo refused: {userinfo.Error}");
        }

        Print("Userinfo", userinfo.Claims);
        var idToken = signedIn.IdentityToken;
        if (arguments.Refresh)
        {
            // The provider rotates: this refresh token works once, and the new one is the one to keep.
            var refreshed = await client.RefreshTokenAsync(signedIn.RefreshToken, cancellationToken: ct);
            if (refreshed.IsError)
            {
                return Fail($"Not refreshed: {refreshed.Error}. {refreshed.ErrorDescription}");
            }

            idToken = refreshed.IdentityToken;
            Console.WriteLine($"\nRefreshed: the access token lasted until {signedIn.AccessTokenExpiration:u}, the new one lasts until {refreshed.AccessTokenExpiration:u}.");
        }

        return await SignOutAsync(client, answers, idToken, ct);
    }

    // Ends the session at the provider, which only the browser that has it can do.
    private async Task<int> SignOutAsync(OidcClient client, LoopbackListener answers, string idToken, CancellationToken ct)
    {
        Console.WriteLine("\nPress Enter to sign out, Ctrl+C to stay signed in.");
        await Task.Run(Console.ReadLine, ct).WaitAsync(ct);
        var state = Guid.NewGuid().ToString("N");
        Show("Sign out", await client.PrepareLogoutAsync(new LogoutRequest { IdTokenHint = idToken, State = state }, ct));
        await answers.WaitAsync(state, "You are signed out. This window can be closed.", ct);
        Console.WriteLine("Signed out.");
        return 0;
    }

    private void Show(string what, string address)
    {
        Console.WriteLine($"\n{what} at:\n{address}");
        if (arguments.OpenBrowser)
        {
            try
            {
                Process.Start(new ProcessStartInfo(address) { UseShellExecute = true })?.Dispose();
            }
            catch (System.ComponentModel.Win32Exception)
            {
                Console.WriteLine("No browser was found here; open the address yourself.");
            }
        }
    }

    private static void Print(string heading, IEnumerable<Claim> claims)
    {
        Console.WriteLine($"\n{heading}");
        foreach (var claim in claims)
        {
            Console.WriteLine($"  {claim.Type}: {claim.Value}");
        }
    }

    private static int Fail(string reason)
    {
        Console.Error.WriteLine(reason);
        return Failed;
    }
}
