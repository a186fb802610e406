using System.Diagnostics;
using IdentityServer.Languages;
using IdentityServer.Storage.Entities;

namespace IdentityServer.SignIn;

/// <summary>What every page that takes a code says of it.</summary>
internal static class CodeWords
{
    /// <summary>Until when it is valid, how long that is, and how many tries are left.</summary>
    public static string Validity(Words words, OtpChallenge challenge, DateTimeOffset now) =>
        words.Say("code.valid", ("moment", words.Clock(challenge.ExpiresAt)), ("span", words.Span(challenge.ExpiresAt - now)))
        + " " + words.Say("code.tries", (Text.Count, challenge.AttemptsLeft));

    /// <summary>Where the mail is.</summary>
    public static string Delivery(Words words, DeliveryState state) => state switch
    {
        DeliveryState.Queued => words["code.queued"],
        DeliveryState.HandedOver => words["code.handed-over"],
        DeliveryState.Deferred => words["code.deferred"],
        DeliveryState.Refused => words["code.refused"],
        DeliveryState.Abandoned => words["code.abandoned"],
        var other => throw new UnreachableException($"Unmapped state {other}."),
    };
}
