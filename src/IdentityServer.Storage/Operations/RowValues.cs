using System.Data.Common;

namespace IdentityServer.Storage.Operations;

/// <summary>How rows hold moments and nothing: as the model's conversions do.</summary>
internal static class RowValues
{
    public static object? Milliseconds(DateTime? moment) => moment is { } value
        ? new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)).ToUnixTimeMilliseconds()
        : null;

    public static DateTimeOffset Moment(this DbDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    public static DateTimeOffset? NullableMoment(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Moment(column);

    /// <summary>The same for OpenIddict's rows, whose moments are UTC by convention.</summary>
    public static DateTime? NullableUtcMoment(this DbDataReader row, int column) => row.NullableMoment(column)?.UtcDateTime;

    public static string? NullableText(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
