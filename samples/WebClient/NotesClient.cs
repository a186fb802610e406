using System.Net.Http.Headers;

namespace WebClient;

/// <summary>Calls the API of samples/Api for the person who is signed in here.</summary>
internal sealed class NotesClient(HttpClient http)
{
    /// <summary>The person's notes.</summary>
    /// <returns>The API's answer, or why there is none, in words.</returns>
    public async Task<string> GetNotesAsync(string accessToken, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/notes");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        try
        {
            using var response = await http.SendAsync(request, ct);
            return response.IsSuccessStatusCode
                ? await response.Content.ReadAsStringAsync(ct)
                : $"The API refused: {(int)response.StatusCode} {response.Headers.WwwAuthenticate}";
        }
        catch (HttpRequestException)
        {
            return $"The API at {http.BaseAddress} does not answer. Start it in another terminal: dotnet run --project samples/Api";
        }
    }
}
