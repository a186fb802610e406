using System.Data.Common;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Storage.Stores;

/// <summary>The statements over tokens, and their rows.</summary>
internal static class TokenSql
{
    /// <summary>How many columns <see cref="Columns"/> names.</summary>
    public const int Width = 12;

    private const string Columns =
        """
        t."Id", t."ApplicationId", t."AuthorizationId", t."CreationDate", t."ExpirationDate", t."Payload", t."Properties", t."RedemptionDate",
        t."ReferenceId", t."Status", t."Subject", t."Type"
        """;

    // A token that is checked is checked together with its authorization: one statement reads both.
    private const string WithAuthorization =
        $"""SELECT {Columns}, {AuthorizationSql.Columns} FROM "tokens" AS t LEFT JOIN "authorizations" AS a ON a."Id" = t."AuthorizationId" """;

    private const string RedeemValid =
        """UPDATE "tokens" SET "Status" = 'redeemed', "RedemptionDate" = $2 WHERE "Id" = $1 AND "Status" = 'valid'""";

    public static readonly SqlText Insert = new(
        """
        INSERT INTO "tokens" ("Id", "ApplicationId", "AuthorizationId", "CreationDate", "ExpirationDate", "Status", "Subject", "Type",
            "Payload", "Properties", "RedemptionDate", "ReferenceId")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """);

    /// <summary>For most tokens, which have neither payload nor reference.</summary>
    public static readonly SqlText InsertBare = new(
        """
        INSERT INTO "tokens" ("Id", "ApplicationId", "AuthorizationId", "CreationDate", "ExpirationDate", "Status", "Subject", "Type")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """);

    public static readonly SqlText Update = new(
        """
        UPDATE "tokens" SET "ApplicationId" = $3, "AuthorizationId" = $4, "CreationDate" = $5, "ExpirationDate" = $6, "Status" = $7,
            "Subject" = $8, "Type" = $9, "Payload" = $10, "Properties" = $11, "RedemptionDate" = $12, "ReferenceId" = $13
        WHERE "Id" = $1 AND "Status" = $2
        """);

    public static readonly SqlText UpdateStatus = new(
        """UPDATE "tokens" SET "Status" = $3, "RedemptionDate" = $4 WHERE "Id" = $1 AND "Status" = $2""");

    public static readonly SqlText RedeemOnSqlite = new(RedeemValid);

    /// <summary>
    /// The client before its token: what is made of the token refers to the client, and whoever deletes the client holds that and then its
    /// tokens. Nothing is redeemed of a client that is gone.
    /// </summary>
    public static readonly SqlText RedeemOnPostgreSql = new(
        $"""
        WITH held AS MATERIALIZED (SELECT 1 FROM "clients" WHERE "Id" = (SELECT "ApplicationId" FROM "tokens" WHERE "Id" = $1) FOR KEY SHARE)
        {RedeemValid} AND ("ApplicationId" IS NULL OR EXISTS (SELECT 1 FROM held))
        """);

    public static readonly SqlText Delete = new("""DELETE FROM "tokens" WHERE "Id" = $1""");

    public static readonly SqlText ById = new($"""{WithAuthorization} WHERE t."Id" = $1""");

    public static readonly SqlText ByReference = new($"""{WithAuthorization} WHERE t."ReferenceId" = $1""");

    public static readonly SqlText ByAuthorization = new($"""SELECT {Columns} FROM "tokens" AS t WHERE t."AuthorizationId" = $1""");

    public static readonly SqlText ByApplication = new($"""SELECT {Columns} FROM "tokens" AS t WHERE t."ApplicationId" = $1""");

    // A person's tokens are found through their authorizations: an index on the subject of every token would be written with each.
    public static readonly SqlText BySubject = new(
        $"""
        SELECT {Columns} FROM "tokens" AS t
        WHERE t."AuthorizationId" IN (SELECT "Id" FROM "authorizations" WHERE "Subject" = $1) AND t."Subject" = $1
        UNION ALL
        SELECT {Columns} FROM "tokens" AS t WHERE t."AuthorizationId" IS NULL AND t."Subject" = $1
        """);

    public static readonly SqlText RevokeByAuthorization = Revoke("\"AuthorizationId\" = $1");

    public static readonly SqlText RevokeByApplication = Revoke("\"ApplicationId\" = $1");

    public static readonly SqlText RevokeBySubject = Revoke(
        """
        "Subject" = $1 AND "AuthorizationId" IN (SELECT "Id" FROM "authorizations" WHERE "Subject" = $1)
        """);

    public static readonly SqlText RevokeBySubjectAndApplication = Revoke(
        """
        "AuthorizationId" IN (SELECT "Id" FROM "authorizations" WHERE "Subject" = $1 AND "ApplicationId" = $2)
        """);

    public static readonly SqlText RevokeLooseBySubject = Revoke("\"Subject\" = $1 AND \"AuthorizationId\" IS NULL");

    public static readonly SqlText RevokeBySession = Revoke(
        """
        "AuthorizationId" IN (SELECT "Id" FROM "authorizations" WHERE "SessionId" = $1)
        """);

    public static readonly SqlText Prune = new("""DELETE FROM "tokens" WHERE "ExpirationDate" < $1""");

    public static object?[] InsertValues(Token token) =>
    [
        .. BareValues(token), token.Payload, token.Properties, RowValues.Milliseconds(token.RedemptionDate), token.ReferenceId,
    ];

    public static object?[] BareValues(Token token) =>
    [
        token.Id, token.ApplicationId, token.AuthorizationId, RowValues.Milliseconds(token.CreationDate),
        RowValues.Milliseconds(token.ExpirationDate), token.Status, token.Subject, token.Type,
    ];

    public static object?[] UpdateValues(Token token, string? storedStatus) =>
    [
        token.Id, storedStatus, token.ApplicationId, token.AuthorizationId, RowValues.Milliseconds(token.CreationDate),
        RowValues.Milliseconds(token.ExpirationDate), token.Status, token.Subject, token.Type, token.Payload, token.Properties,
        RowValues.Milliseconds(token.RedemptionDate), token.ReferenceId,
    ];

    public static Token Read(DbDataReader row)
    {
        var token = new Token(row.GetString(0))
        {
            ApplicationId = row.NullableText(1),
            AuthorizationId = row.NullableText(2),
            CreationDate = row.NullableUtcMoment(3),
            ExpirationDate = row.NullableUtcMoment(4),
            Payload = row.NullableText(5),
            Properties = row.NullableText(6),
            RedemptionDate = row.NullableUtcMoment(7),
            ReferenceId = row.NullableText(8),
            Status = row.NullableText(9),
            Subject = row.NullableText(10),
            Type = row.NullableText(11),
        };
        token.Stored = TokenValues.Of(token);
        return token;
    }

    // What is redeemed or rejected stays so: a redeemed token that turns up again must be known as a replay, whatever happened since.
    private static SqlText Revoke(string condition) => new(
        $"""UPDATE "tokens" SET "Status" = 'revoked' WHERE {condition} AND "Status" IN ('valid', 'inactive')""");
}
