using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;

namespace Shop.EndToEndTests;

/// <summary>A test user of one run: made for it, signed in by it, deleted after it.</summary>
internal sealed class TestUser : IAsyncDisposable
{
    private readonly HttpClient _api;
    private readonly string _address;
    private readonly JsonElement _user;

    private TestUser(HttpClient api, string users, JsonElement user) => (_api, _address, _user) = (api, $"{users}/{user.GetProperty("user_id")}", user);

    public static async Task<TestUser> CreateAsync(string issuer, string client, string machineId, string machineSecret)
    {
        var api = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{issuer}/connect/token");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{machineId}:{machineSecret}")));
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["scope"] = "clients.test-users",
            ["resource"] = $"{issuer}/api/v1",
        });
        using var tokens = (await api.SendAsync(request)).EnsureSuccessStatusCode();
        var token = (await tokens.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        api.DefaultRequestHeaders.Authorization = new("Bearer", token);

        var users = $"{issuer}/api/v1/clients/{client}/test-users";
        using var made = (await api.PostAsJsonAsync(users, new { name = "buyer" })).EnsureSuccessStatusCode();
        return new(api, users, await made.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>Opens a page of the application that needs a sign-in, and signs in.</summary>
    public async Task SignInAsync(IPage page, string app)
    {
        await page.GotoAsync(app);
        await page.Locator("[name=Email]").FillAsync(Member("email"));
        await page.Locator("[name=Password]").FillAsync(Member("password"));
        await page.Locator("form:has([name=Password]) button[type=submit]").ClickAsync();
        await page.Locator("[name=Digits]").FillAsync(await CodeSinceAsync(Member("created_at")));
        await page.Locator("form:has([name=Digits]) button[type=submit]").ClickAsync();
        await page.Locator("[name=Answer][value=allow]").ClickAsync(); // once for each user and client that is not the operator's own
        await Assertions.Expect(page).ToHaveURLAsync(app);
    }

    public async ValueTask DisposeAsync()
    {
        using var deleted = (await _api.DeleteAsync(_address)).EnsureSuccessStatusCode();
        _api.Dispose();
    }

    private async Task<string> CodeSinceAsync(string moment)
    {
        for (var attempt = 0; attempt < 60; attempt++)
        {
            var mails = await _api.GetFromJsonAsync<JsonElement>($"{_address}/mails?since={Uri.EscapeDataString(moment)}");
            foreach (var mail in mails.GetProperty("items").EnumerateArray())
            {
                if (mail.GetProperty("code").GetString() is { } code)
                {
                    return code;
                }
            }

            await Task.Delay(500);
        }

        throw new TimeoutException("No code came.");
    }

    private string Member(string name) => _user.GetProperty(name).GetString()!;
}
