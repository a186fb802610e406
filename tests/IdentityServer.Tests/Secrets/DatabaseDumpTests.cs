using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using IdentityServer.Protocol.SigningKeys;
using IdentityServer.Secrets;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Tests.Secrets;

/// <summary>Whoever steals the database, and the database alone, can enter no code, sign no token and open no session.</summary>
public sealed class DatabaseDumpTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_files_hold_no_key_no_token_no_password_and_no_handle_in_the_clear()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var back = await browser.SignInAsync(client.Start(("state", "state-in-the-request")), email);
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        await world.OpenBrowser().ReachCodePageAsync(client.Start(), email);

        var dump = await FilesAsync(world);

        Holds(dump, Encoding.UTF8.GetBytes(email)).ShouldBeTrue("what is stored in the clear is found, so this search works");
        foreach (var (name, secret) in await KeysAsync(world))
        {
            ShouldNotHold(dump, name, secret);
        }

        ShouldNotHold(dump, "the authorization code", back.Parameter("code")!);
        ShouldNotHold(dump, "the access token", tokens.AccessToken!);
        ShouldNotHold(dump, "the access token's signature", tokens.AccessToken!.Split('.')[2]);
        ShouldNotHold(dump, "the refresh token", tokens.RefreshToken!);
        ShouldNotHold(dump, "the id_token", tokens.IdToken!.Split('.')[2]);
        ShouldNotHold(dump, "the password", World.Password);
        ShouldNotHold(dump, "the client's secret", client.Secret!);
        foreach (System.Net.Cookie cookie in browser.Cookies.GetAllCookies())
        {
            // The first 16 bytes of a handle name its row.
            ShouldNotHold(dump, cookie.Name, cookie.Value.Length == 64 ? cookie.Value[24..] : cookie.Value);
        }
    }

    [Fact]
    public async Task No_row_holds_a_code_that_is_on_its_way()
    {
        await using var world = await World.StartAsync();
        var code = await MailedCodeAsync(world);
        var wholeWord = new Regex($"(?<![0-9A-Za-z]){code}(?![0-9A-Za-z])");

        var values = await ValuesAsync(world);

        values.Count.ShouldBeGreaterThan(200);
        values.Where(value => value is string text && wholeWord.IsMatch(text)).ShouldBeEmpty();
        values.ShouldNotContain(long.Parse(code, CultureInfo.InvariantCulture));
        values.Where(value => value is byte[] bytes && wholeWord.IsMatch(Encoding.Latin1.GetString(bytes))).ShouldBeEmpty();

        // Nor a plain hash of it: a hundred thousand of them are made in no time.
        foreach (var hash in new[] { SHA256.HashData(Encoding.ASCII.GetBytes(code)), SHA512.HashData(Encoding.ASCII.GetBytes(code)) })
        {
            ShouldNotHold(await FilesAsync(world), "a hash of the code", hash);
        }
    }

    [Fact]
    public async Task What_is_read_with_the_root_secret_is_unreadable_with_another()
    {
        await using var world = await World.StartAsync();
        var rows = await world.ReadAsync(db => db.DataProtectionKeys.Select(key => key.Xml!).ToListAsync(Cancel));

        rows.ShouldNotBeEmpty();
        foreach (var row in rows)
        {
            row.ShouldContain("rootSecretWrapped");
            row.ShouldNotContain("<masterKey");
            row.ShouldNotContain("<value>" + Convert.ToBase64String(MasterKeys(world).Single()) + "</value>");
            var wrapped = System.Xml.Linq.XElement.Parse(row).Descendants("rootSecretWrapped").Single();
            var decryptor = new RootSecretXmlDecryptor(
                new ServiceCollection().AddSingleton<RootSecrets>(new GivenRootSecrets(RootSecret.Generate(), RootSecret.Generate())).BuildServiceProvider());
            Should.Throw<CryptographicException>(() => decryptor.Decrypt(wrapped));
        }
    }

    // One that no small number in some column equals by chance.
    private static async Task<string> MailedCodeAsync(World world)
    {
        for (var attempt = 0; ; attempt++)
        {
            var email = await world.AddUserAsync();
            var browser = world.OpenBrowser();
            await browser.ReachCodePageAsync("/sign-in", email);
            if (await browser.ReadCodeAsync(email) is ['1' or '2' or '3' or '4' or '5' or '6' or '7' or '8' or '9', ..] code)
            {
                return code;
            }

            attempt.ShouldBeLessThan(20);
        }
    }

    // Every key of the installation, in the forms that people write keys in.
    private static async Task<List<(string Name, byte[] Secret)>> KeysAsync(World world)
    {
        var services = world.Server.Services;
        var keys = new List<(string Name, byte[] Secret)>();
        foreach (var signer in services.GetRequiredService<SigningKeyRing>().Current.Signers.Select(credentials => credentials.Key))
        {
            if (signer is RsaSecurityKey { Rsa: { } rsa })
            {
                var parameters = rsa.ExportParameters(includePrivateParameters: true);
                keys.AddRange([("RSA D", parameters.D!), ("RSA P", parameters.P!), ("RSA Q", parameters.Q!), ("RSA DP", parameters.DP!), ("RSA PKCS#8", rsa.ExportPkcs8PrivateKey()[40..])]);
            }
            else if (signer is ECDsaSecurityKey { ECDsa: { } ecdsa })
            {
                keys.Add(("EC D", ecdsa.ExportParameters(includePrivateParameters: true).D!));
            }
        }

        keys.Count.ShouldBe(11, "two RSA keys and an EC key sign");
        var secrets = services.GetRequiredService<InstallationSecrets>();
        keys.Add(("the key that codes are derived under", (await secrets.OtpKeyAsync(Cancel)).Bytes.ToArray()));
        keys.Add(("the key that tokens are sealed with", (await secrets.CurrentAsync("token-encryption", Cancel)).Bytes.ToArray()));
        keys.Add(("the root secret", Convert.FromBase64String(services.GetRequiredService<RootSecrets>().Current.Reveal())));
        keys.AddRange(MasterKeys(world).Select(key => ("a key of Data Protection", key)));
        keys.Add(("a PEM header", Encoding.ASCII.GetBytes("PRIVATE KEY")));
        return keys;
    }

    private static List<byte[]> MasterKeys(World world) =>
    [
        .. world.Server.Services.GetRequiredService<IKeyManager>().GetAllKeys().Select(key =>
        {
            var xml = ((dynamic)key.Descriptor).ExportToXml().SerializedDescriptorElement as System.Xml.Linq.XElement;
            return Convert.FromBase64String(xml!.Descendants("value").Single().Value);
        }),
    ];

    private static void ShouldNotHold(byte[] dump, string name, string secret) => Holds(dump, Encoding.UTF8.GetBytes(secret)).ShouldBeFalse(name);

    private static void ShouldNotHold(byte[] dump, string name, byte[] secret)
    {
        Holds(dump, secret).ShouldBeFalse(name);
        var base64 = Convert.ToBase64String(secret).TrimEnd('=')[..^1]; // the last letter may differ inside a longer text
        foreach (var text in new[] { base64, base64.Replace('+', '-').Replace('/', '_'), Convert.ToHexString(secret), Convert.ToHexStringLower(secret) })
        {
            Holds(dump, Encoding.ASCII.GetBytes(text)).ShouldBeFalse(name);
        }
    }

    private static bool Holds(byte[] dump, byte[] text) => dump.AsSpan().IndexOf(text) >= 0;

    // The file and its write-ahead log, as a thief copies them.
    private static async Task<byte[]> FilesAsync(World world)
    {
        var file = new SqliteConnectionStringBuilder(world.Server.Services.GetRequiredService<StorageSettings>().ConnectionString).DataSource;
        using var all = new MemoryStream();
        foreach (var path in new[] { file, file + "-wal" })
        {
            await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await stream.CopyToAsync(all, Cancel);
        }

        return all.ToArray();
    }

    private static async Task<List<object>> ValuesAsync(World world)
    {
        await using var connection = new SqliteConnection(world.Server.Services.GetRequiredService<StorageSettings>().ConnectionString + ";Pooling=False");
        await connection.OpenAsync(Cancel);
        var tables = await ReadAsync(connection, "SELECT name FROM sqlite_master WHERE type = 'table'");
        var values = new List<object>();
        foreach (var table in tables)
        {
            values.AddRange(await ReadAsync(connection, $"SELECT * FROM \"{table}\""));
        }

        return values;
    }

    private static async Task<List<object>> ReadAsync(SqliteConnection connection, string query)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Names of our own tables.
        command.CommandText = query;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var values = new List<object>();
        while (await reader.ReadAsync(Cancel))
        {
            for (var column = 0; column < reader.FieldCount; column++)
            {
                values.Add(reader.GetValue(column));
            }
        }

        return values;
    }
}
