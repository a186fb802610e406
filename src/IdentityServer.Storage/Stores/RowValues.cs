using System.Data.Common;

namespace IdentityServer.Storage.Stores;

/// <summary>How rows hold moments and nothing: as the model's conversions do.</summary>
internal static class RowValues
{
    public static object? Milliseconds(DateTime? moment) => moment is { } value
        ? new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)).ToUnixTimeMilliseconds()
        : null;

    public static DateTime? NullableMoment(this DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column)).UtcDateTime;

    public static string? NullableText(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
