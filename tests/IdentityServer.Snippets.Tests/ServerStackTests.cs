using System.Net;
using System.Text;
using IdentityServer.Domain.Clients;
using IdentityServer.TestSupport;

namespace IdentityServer.Snippets.Tests;

public sealed class PhpSnippetTests(Provider provider) : WebServerTests(provider)
{
    [Theory]
    [InlineData(ClientAuthenticationMethods.Basic, IdTokenAlgorithms.RS256, false)]
    [InlineData(ClientAuthenticationMethods.Post, IdTokenAlgorithms.ES256, true)]
    public async Task A_person_signs_in_through_it(string method, string algorithm, bool pushes)
    {
        Needs("/usr/bin/php", "php-cli");
        await SignsInAsync(
            "php", method, client => client.With("id_token_signed_response_alg", algorithm).Pushing(pushes));
    }
}

public sealed class ApacheSnippetTests(Provider provider) : WebServerTests(provider)
{
    [Fact]
    public async Task A_person_signs_in_through_it()
    {
        Needs("/usr/sbin/apache2", "apache2-bin");
        Needs("/usr/lib/apache2/modules/mod_auth_openidc.so", "libapache2-mod-auth-openidc");
        var port = FreePort.Find();
        using var behind = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
        behind.Start();
        var answering = AnswerAsync(behind);

        await SignsInAsync("apache", ClientAuthenticationMethods.Basic, prepare: program => BesideTheSystemsOwnAsync(program, port));

        behind.Stop();
        await answering;
    }

    // What /etc/apache2 and systemd have on a machine whose web server this is.
    private static Task BesideTheSystemsOwnAsync(SnippetProgram program, int port)
    {
        program.Write("app.conf", program.Read("app.conf").Replace("127.0.0.1:8080", $"127.0.0.1:{port}", StringComparison.Ordinal));
        string[] modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "proxy", "proxy_http", "alias"];
        program.Write("apache2.conf", $"""
            ServerRoot "{program.Folder}"
            PidFile apache2.pid
            ErrorLog /dev/stderr
            User www-data
            Group www-data
            DefaultRuntimeDir {program.Folder}
            {string.Join('\n', modules.Select(module => $"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so"))}
            Include app.conf
            """);
        program.RunInstead(
            "read -r IDSRV_CLIENT_SECRET && export IDSRV_CLIENT_SECRET",
            "export APP_PASSPHRASE=$(openssl rand -hex 32)",
            "apache2 -X -d . -f apache2.conf");
        return Task.CompletedTask;
    }

    // The application that Apache stands in front of.
    private static async Task AnswerAsync(HttpListener listener)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes($"Signed in: {context.Request.Headers["OIDC_CLAIM_sub"]}"));
            context.Response.Close();
        }
    }
}
