using System.Data.Common;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>A challenge as the statements read it: whole, from one list of columns.</summary>
internal static class ChallengeRow
{
    /// <summary>Of the table by its own name, so that they can be joined, and returned by an update.</summary>
    public const string Columns =
        """
        "otp_challenges"."Id", "otp_challenges"."UserId", "Purpose", "Seed", "BrowserHash", "otp_challenges"."CredentialVersion", "KeyId",
        "Reference", "State", "AttemptsLeft", "AccountSpent", "AccountDay", "AccountSpentOnDay", "Sends", "LastSentAt",
        "otp_challenges"."CreatedAt", "ExpiresAt", "ClientId", "RequestUri", "Browser", "Network", "Language", "LimitKey"
        """;

    /// <summary>How many columns there are: what is joined to them begins here.</summary>
    public const int Width = 23;

    public static OtpChallenge Read(DbDataReader row) => new()
    {
        Id = row.GetGuid(0),
        UserId = row.GetGuid(1),
        Purpose = row.GetString(2),
        Seed = (byte[])row[3],
        BrowserHash = (byte[])row[4],
        CredentialVersion = row.GetInt64(5),
        KeyId = row.GetString(6),
        Reference = row.GetString(7),
        State = (ChallengeState)row.GetInt32(8),
        AttemptsLeft = row.GetInt32(9),
        AccountSpent = row.GetInt32(10),
        AccountDay = row.GetInt32(11),
        AccountSpentOnDay = row.GetInt32(12),
        Sends = row.GetInt32(13),
        LastSentAt = row.Moment(14),
        CreatedAt = row.Moment(15),
        ExpiresAt = row.Moment(16),
        ClientId = row.NullableText(17),
        RequestUri = row.NullableText(18),
        Browser = row.NullableText(19),
        Network = row.NullableText(20),
        Language = row.NullableText(21),
        LimitKey = row.GetGuid(22),
    };
}
