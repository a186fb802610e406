using System.Data.Common;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Storage.Stores;

/// <summary>The statements over authorizations, and their rows.</summary>
internal static class AuthorizationSql
{
    public const string Columns =
        """
        a."Id", a."ApplicationId", a."CreationDate", a."Properties", a."Scopes", a."SessionId", a."Status", a."Subject", a."Type"
        """;

    public static readonly SqlText Insert = new(
        """
        INSERT INTO "authorizations" ("Id", "ApplicationId", "CreationDate", "Properties", "Scopes", "SessionId", "Status", "Subject", "Type")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """);

    public static readonly SqlText Update = new(
        """
        UPDATE "authorizations" SET "ApplicationId" = $3, "CreationDate" = $4, "Properties" = $5, "Scopes" = $6, "SessionId" = $7,
            "Status" = $8, "Subject" = $9, "Type" = $10
        WHERE "Id" = $1 AND "Status" = $2
        """);

    public static readonly SqlText DeleteTokens = new("""DELETE FROM "tokens" WHERE "AuthorizationId" = $1""");

    public static readonly SqlText Delete = new("""DELETE FROM "authorizations" WHERE "Id" = $1""");

    public static readonly SqlText ById = Select("\"Id\" = $1");

    public static readonly SqlText ByApplication = Select("\"ApplicationId\" = $1");

    public static readonly SqlText BySubject = Select("\"Subject\" = $1");

    public static readonly SqlText RevokeById = Revoke("\"Id\" = $1");

    public static readonly SqlText RevokeByApplication = Revoke("\"ApplicationId\" = $1");

    public static readonly SqlText RevokeBySubject = Revoke("\"Subject\" = $1");

    public static readonly SqlText RevokeBySubjectAndApplication = Revoke("\"Subject\" = $1 AND \"ApplicationId\" = $2");

    public static readonly SqlText RevokeBySession = Revoke("\"SessionId\" = $1");

    public static object?[] InsertValues(Authorization authorization) =>
    [
        authorization.Id, authorization.ApplicationId, RowValues.Milliseconds(authorization.CreationDate), authorization.Properties,
        authorization.Scopes, authorization.SessionId, authorization.Status, authorization.Subject, authorization.Type,
    ];

    public static object?[] UpdateValues(Authorization authorization, string? storedStatus) =>
    [
        authorization.Id, storedStatus, authorization.ApplicationId, RowValues.Milliseconds(authorization.CreationDate),
        authorization.Properties, authorization.Scopes, authorization.SessionId, authorization.Status, authorization.Subject,
        authorization.Type,
    ];

    /// <summary>Reads an authorization whose columns begin at the given one.</summary>
    public static Authorization Read(DbDataReader row, int first)
    {
        var authorization = new Authorization(row.GetString(first))
        {
            ApplicationId = row.NullableText(first + 1),
            CreationDate = row.NullableUtcMoment(first + 2),
            Properties = row.NullableText(first + 3),
            Scopes = row.NullableText(first + 4),
            SessionId = row.IsDBNull(first + 5) ? null : row.GetGuid(first + 5),
            Status = row.NullableText(first + 6),
            Subject = row.NullableText(first + 7),
            Type = row.NullableText(first + 8),
        };
        authorization.Stored = AuthorizationValues.Of(authorization);
        return authorization;
    }

    public static Authorization Read(DbDataReader row) => Read(row, 0);

    private static SqlText Select(string condition) => new($"""SELECT {Columns} FROM "authorizations" AS a WHERE a.{condition}""");

    private static SqlText Revoke(string condition) => new(
        $"""UPDATE "authorizations" SET "Status" = 'revoked' WHERE {condition} AND "Status" <> 'revoked'""");
}
