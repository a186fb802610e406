using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Maintenance;

public sealed class ImportTests : IDisposable
{
    private const string Bcrypt = "$2b$04$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj.";
    private const string IdentityV3 = "AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg9D9rN+18bWKVBCoLUi7vZYlpD3jCXnB39fzkBmRLhP8Q==";
    private const string Argon2 = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";

    private readonly VerbRun _installation = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _installation.Dispose();

    [Fact]
    public async Task Every_kind_of_password_goes_in_and_signs_in()
    {
        var answer = await ImportAsync(
            """{"email":"plain@example.com","password":"violet lantern 42","email_verified":true,"name":"Plain","address":{"country":"GB"}}""",
            $$"""{"email":"bcrypt@example.com","password_hash":"{{Bcrypt}}"}""",
            $$"""{"email":"v3@example.com","password_hash":"{{IdentityV3}}","email_verified":false}""",
            $$"""{"email":"argon@example.com","password_hash":"{{Argon2}}"}""");

        answer.ShouldBe(new VerbAnswer(0, "Accounts: 4 added, 0 already there, 0 refused.\n", ""));
        var users = await UsersAsync();
        users["plain@example.com"].EmailVerified.ShouldBeTrue();
        users["plain@example.com"].Claims.ShouldBe("""{"address":{"country":"GB"},"name":"Plain"}""");
        users["plain@example.com"].PasswordHash.ShouldStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
        users["bcrypt@example.com"].PasswordHash.ShouldBe(Bcrypt);
        users["v3@example.com"].PasswordHash.ShouldBe(IdentityV3);
        users["argon@example.com"].PasswordHash.ShouldBe(Argon2);
        users.Values.Where(user => user.Email != "plain@example.com").ShouldAllBe(user => !user.EmailVerified);

        await using var server = await InstallationServer.OpenAsync(_installation);
        var hasher = server.Services.GetRequiredService<IPasswordHasher>();
        foreach (var (email, password, stale) in new[]
        {
            ("plain", "violet lantern 42", false), ("bcrypt", "violet lantern 42", true), ("v3", "violet lantern 42", true), ("argon", "password", true),
        })
        {
            (await hasher.VerifyAsync(users[$"{email}@example.com"].PasswordHash, password, $"{email}@example.com", Cancel)).ShouldBe(new PasswordVerdict.Right(stale), email);
        }
    }

    [Fact]
    public async Task Bad_lines_are_named_by_number_and_reason_and_the_good_ones_go_in()
    {
        var answer = await ImportAsync(
            """{"email":"first@example.com","password":"violet lantern 42"}""",
            "",
            "not json",
            """["an array"]""",
            "   ",
            """{"email":"no-secret@example.com"}""",
            $$"""{"email":"both@example.com","password":"violet lantern 42","password_hash":"{{Bcrypt}}"}""",
            """{"password":"violet lantern 42"}""",
            """{"email":"not an address","password":"violet lantern 42"}""",
            """{"email":"unknown@example.com","password":"violet lantern 42","shoe_size":43,"locale":"en_US"}""",
            """{"email":"short@example.com","password":"short"}""",
            """{"email":"common@example.com","password":"Password-2026!"}""",
            """{"email":"md5@example.com","password_hash":"$1$abc$def"}""",
            """{"email":"costly@example.com","password_hash":"$2b$31$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj."}""",
            """{"email":"verified@example.com","password":"violet lantern 42","email_verified":"yes"}""",
            """{"email":"twice@example.com","email":"twice2@example.com","password":"violet lantern 42"}""",
            """{"email":"half@example.com","password":"violet lantern 42","name":"\ud800"}""",
            """{"email":"half2@example.com","password":"violet lantern 42","\udc00":1}""",
            """{"email":7,"password":null}""",
            """{"email":"header@example.com\r\nBcc: eve@example.com","password":"violet lantern 42"}""",
            """{"email":"last@example.com","password":"violet lantern 42"}""");

        answer.ExitCode.ShouldBe(1);
        answer.Out.ShouldBe("Accounts: 2 added, 0 already there, 17 refused.\n");
        var complaints = answer.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        complaints.Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]).ShouldBe(
            [.. new[] { 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 }.Select(number => $"line {number}")]);
        string[] reasons =
        [
            "is not a JSON object at byte", "is not a JSON object;", "both missing", "both there", "email is missing", "email is not an address",
            "shoe_size is not a member", "fewer than 12", "among the first that are guessed", "password_hash is of a kind", "cost 31",
            "email_verified is not a boolean", "each member once", "well-formed Unicode", "well-formed Unicode", "password is not a string", "email is not an address",
        ];
        foreach (var (complaint, reason) in complaints.Zip(reasons))
        {
            complaint.ShouldContain(reason);
        }

        complaints[6].ShouldContain("locale");
        answer.Error.ShouldNotContain("violet", Case.Insensitive, "a complaint never repeats a password");
        (await UsersAsync()).Keys.ShouldBe(["first@example.com", "last@example.com"], ignoreOrder: true);
    }

    [Fact]
    public async Task Running_a_file_twice_changes_nothing()
    {
        string[] lines =
        [
            """{"email":"ada@example.com","password":"violet lantern 42","name":"Ada","address":{"region":"R","country":"C"}}""",
            """{"email":"bob@example.com","password":"violet lantern 42","email_verified":true}""",
        ];
        (await ImportAsync(lines)).ExitCode.ShouldBe(0);
        var before = await UsersAsync();

        var again = await ImportAsync(lines);

        again.ShouldBe(new VerbAnswer(0, "Accounts: 0 added, 2 already there, 0 refused.\n", ""));
        JsonSerializer.Serialize(await UsersAsync()).ShouldBe(JsonSerializer.Serialize(before));
    }

    [Fact]
    public async Task A_line_that_says_something_else_changes_nothing_and_is_reported()
    {
        await ImportAsync("""{"email":"ada@example.com","password":"violet lantern 42","name":"Ada"}""");
        var before = await UsersAsync();

        var again = await ImportAsync("""{"email":"Ada@example.com","password":"another phrase 77","name":"Eve","email_verified":true}""");

        again.ExitCode.ShouldBe(0);
        again.Out.ShouldBe("Accounts: 0 added, 1 already there (1 of them differ), 0 refused.\n");
        again.Error.ShouldBe("line 1: is there already and stays as it is, though it differs in the spelling of email and email_verified and its claims\n");
        JsonSerializer.Serialize(await UsersAsync()).ShouldBe(JsonSerializer.Serialize(before));
    }

    [Fact]
    public async Task An_address_twice_in_one_file_goes_in_once()
    {
        var answer = await ImportAsync(
            """{"email":"ada@example.com","password":"violet lantern 42"}""", """{"email":"ada@example.com","password":"another phrase 77"}""");

        answer.Out.ShouldBe("Accounts: 1 added, 1 already there, 0 refused.\n");
    }

    [Fact]
    public async Task Ten_thousand_accounts_go_in_in_one_run_with_progress()
    {
        var lines = Enumerable.Range(0, 10_000).Select(number => $$"""{"email":"user{{number}}@example.com","password_hash":"{{Bcrypt}}"}""");

        var answer = await ImportAsync([.. lines]);

        answer.ExitCode.ShouldBe(0);
        answer.Out.ShouldBe("Accounts: 10000 added, 0 already there, 0 refused.\n");
        answer.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(10, "a line for each thousand");
        answer.Error.ShouldStartWith("1000 lines: 1000 added, 0 already there, 0 refused\n");
        await using var server = await InstallationServer.OpenAsync(_installation);
        (await server.InScopeAsync(services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            return db.Users.CountAsync(user => db.AccountGuessBudgets.Any(budget => budget.UserId == user.Id) && user.PasswordHash == Bcrypt, Cancel);
        })).ShouldBe(10_000);
    }

    [Fact]
    public async Task Who_watches_sees_one_line_that_changes()
    {
        var lines = Enumerable.Range(0, 250).Select(number => $$"""{"email":"user{{number}}@example.com","password_hash":"{{Bcrypt}}"}""").ToList();
        lines.Insert(120, "broken");
        var file = _installation.Write("users.jsonl", [.. lines]);

        var answer = await _installation.RunAsync("", ["users", "import", file], watched: true, typed: null);

        answer.Error.Split('\n').Length.ShouldBe(2, "only the bad line stays");
        answer.Error.ShouldContain("\r100 lines: 100 added, 0 already there, 0 refused");
        answer.Error.ShouldContain("line 121: is not a JSON object");
        answer.Error.ShouldEndWith("\r", Case.Sensitive, "the changing line is wiped at the end");
    }

    [Fact]
    public async Task A_byte_order_mark_blank_lines_and_both_line_ends_are_taken()
    {
        var file = _installation.Write(
            "users.jsonl",
            "\uFEFF{\"email\":\"a@example.com\",\"password\":\"violet lantern 42\"}\r\n\r\n \t\n{\"email\":\"b@example.com\",\"password\":\"violet lantern 42\"}");

        (await _installation.RunAsync("users", "import", file)).ShouldBe(new VerbAnswer(0, "Accounts: 2 added, 0 already there, 0 refused.\n", ""));
    }

    [Fact]
    public async Task A_line_longer_than_the_limit_is_refused_and_the_next_is_read()
    {
        const string Line = """{"email":"a@example.com","password":"violet lantern 42"}""";
        var longest = "{" + new string(' ', (64 * 1024) - Line.Length) + Line[1..];

        var answer = await ImportAsync(
            longest, "{ " + longest[1..], new string('x', 1_000_000), """{"email":"b@example.com","password":"violet lantern 42"}""", new string('y', 1_000_000));

        answer.ExitCode.ShouldBe(1);
        answer.Out.ShouldBe("Accounts: 2 added, 0 already there, 3 refused.\n");
        answer.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(
            [.. new[] { 2, 3, 5 }.Select(number => $"line {number}: has more than 65536 bytes; shorten it")]);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF_8_are_refused()
    {
        var path = Path.Combine(_installation.Directory, "users.jsonl");
        await File.WriteAllBytesAsync(
            path, [.. "{\"email\":\"a@example.com\",\"password\":\"violet lantern 42\",\"name\":\""u8, 0xC3, 0x28, .. "\"}"u8], Cancel);

        var answer = await _installation.RunAsync("users", "import", path);

        answer.ExitCode.ShouldBe(1);
        answer.Error.ShouldStartWith("line 1: ");
    }

    [Fact]
    public async Task An_empty_file_is_imported_in_no_time()
    {
        (await ImportAsync()).ShouldBe(new VerbAnswer(0, "Accounts: 0 added, 0 already there, 0 refused.\n", ""));
    }

    [Fact]
    public async Task A_run_that_is_stopped_keeps_what_is_in_and_says_so()
    {
        var lines = Enumerable.Range(0, 150).Select(number => $$"""{"email":"user{{number}}@example.com","password_hash":"{{Bcrypt}}"}""").ToArray();
        using var broken = new VerbRun
        {
            Configure = builder => builder.Services.AddSingleton<IPasswordHasher, StoppingHasher>(),
        };
        var file = broken.Write("users.jsonl", [.. lines, """{"email":"late@example.com","password":"violet lantern 42"}"""]);

        var answer = await broken.RunAsync("users", "import", file);

        answer.ExitCode.ShouldBe(130);
        answer.Error.ShouldContain("So far 100 lines: 100 added");
        answer.Error.ShouldContain("Run it again");
    }

    [Fact]
    public async Task Clients_go_in_and_what_was_made_for_them_is_told_once()
    {
        var file = _installation.Write(
            "clients.jsonl",
            """{"client_name":"Shop","redirect_uris":["https://shop.example.com/signin-oidc"],"scope":"openid email"}""",
            """{"client_id":"spa","client_name":"SPA","token_endpoint_auth_method":"none","redirect_uris":["https://spa.example.com/cb"]}""",
            """{"client_name":"Bad","redirect_uris":["https://bad.example.com/#fragment"],"colour":"red"}""");

        var first = await _installation.RunAsync("clients", "import", file);
        var second = await _installation.RunAsync("clients", "import", file);

        first.ExitCode.ShouldBe(1);
        var told = first.Out.Split('\n');
        told[1].ShouldBe("Clients: 2 added, 0 already there, 1 refused.");
        using var made = JsonDocument.Parse(told[0]);
        made.RootElement.EnumerateObject().Select(member => member.Name).ShouldBe(["client_id", "client_secret"]);
        ClientSecret.TryParse(made.RootElement.GetProperty("client_secret").GetString(), out _).ShouldBeTrue();
        first.Error.ShouldStartWith("line 3: ");
        first.Error.ShouldContain("redirect_uris[0]");
        first.Error.ShouldContain("colour");
        second.ExitCode.ShouldBe(1);
        second.Out.ShouldBe("Clients: 0 added, 2 already there, 1 refused.\n");
    }

    private async Task<VerbAnswer> ImportAsync(params string[] lines)
    {
        var file = _installation.Write("users.jsonl", lines);
        return await _installation.RunAsync("users", "import", file);
    }

    private async Task<SortedDictionary<string, User>> UsersAsync()
    {
        await using var server = await InstallationServer.OpenAsync(_installation);
        var demo = server.Services.GetRequiredService<DemoUsers>().Accounts.Select(account => account.Address.Value).ToHashSet();
        return await server.InScopeAsync(async services => new SortedDictionary<string, User>(
            (await services.GetRequiredService<IdentityServerDbContext>().Users.AsNoTracking().ToListAsync(Cancel))
                .Where(user => !demo.Contains(user.Email)).ToDictionary(user => user.Email),
            StringComparer.Ordinal));
    }

    private sealed class StoppingHasher : IPasswordHasher
    {
        public Task<PasswordVerdict> VerifyAsync(string? storedHash, string password, string normalizedAddress, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<string?> TryHashAsync(string password, CancellationToken cancellationToken) => throw new OperationCanceledException();

        public Task<string> HashAsync(string password, CancellationToken cancellationToken) => throw new OperationCanceledException();
    }
}
